// Samples: a batch of equally shaped examples with their labels, as every reader and generator delivers them.
// Values are in natural units: pixels 0..255, audio -1..1, features as they stand in the file. Images are
// H,W,C; audio is T,C.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mote::data {

using Shape = std::vector<std::int64_t>;

enum class Split { kTrain, kValid, kTest };
inline constexpr std::size_t kSplitCount = 3;
const char* split_name(Split split);         // "train", "valid", "test"
Split parse_split(const std::string& text);  // UserError for another word

enum class ElementKind { kImage, kAudio, kTensor };
const char* element_kind_name(ElementKind kind);  // "image", "audio", "tensor"

// The number of elements of a shape; UserError when a dimension is not positive or the product exceeds 2^40.
std::size_t element_count(const Shape& shape);
std::string shape_text(const Shape& shape);  // "32x32x3"

inline constexpr std::int32_t kNoLabel = -1;

struct Samples {
  ElementKind kind = ElementKind::kTensor;
  Shape shape;  // of one sample
  std::size_t count = 0;
  std::vector<std::uint8_t> pixels;  // images; otherwise empty
  std::vector<float> values;         // everything else; empty for images
  std::vector<std::int32_t> labels;  // one per sample: an index into the class names, or kNoLabel

  std::size_t sample_size() const { return element_count(shape); }

  // Writes sample `index` in natural units; `out` has sample_size() elements.
  void copy_to(std::size_t index, std::span<float> out) const;
};

// An empty batch of `count` samples with its storage allocated.
Samples allocate_samples(ElementKind kind, Shape shape, std::size_t count);

// The samples at `indices`, in that order.
Samples gather(const Samples& samples, std::span<const std::size_t> indices);

}  // namespace mote::data
