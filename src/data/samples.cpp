#include "data/samples.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace mote::data {
namespace {

constexpr std::array<const char*, kSplitCount> kSplitNames = {"train", "valid", "test"};

template <class T>
void gather_rows(const std::vector<T>& from, std::vector<T>& to, std::span<const std::size_t> rows,
                 std::size_t width) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(rows[i] * width), width,
                to.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
}

}  // namespace

const char* split_name(Split split) { return kSplitNames[static_cast<std::size_t>(split)]; }

Split parse_split(const std::string& text) {
  for (std::size_t i = 0; i < kSplitCount; ++i) {
    if (text == kSplitNames[i]) return static_cast<Split>(i);
  }
  throw UserError(
      {"unknown split of a data set", text, "it is none of train, valid, test", "name one of them"});
}

const char* element_kind_name(ElementKind kind) {
  switch (kind) {
    case ElementKind::kImage: return "image";
    case ElementKind::kAudio: return "audio";
    case ElementKind::kTensor: return "tensor";
  }
  MOTE_CHECK(false);
}

std::size_t element_count(const Shape& shape) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 40;
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim <= 0 || dim > kLimit / count) {
      throw UserError({"impossible sample shape", shape_text(shape),
                       "its dimensions must be positive and reasonable", "give the shape of one sample"});
    }
    count *= dim;
  }
  return static_cast<std::size_t>(count);
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const std::int64_t dim : shape) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text.empty() ? "scalar" : text;
}

void Samples::copy_to(std::size_t index, std::span<float> out) const {
  const std::size_t size = out.size();
  MOTE_CHECK(index < count && size * count == std::max(pixels.size(), values.size()));
  const auto from = static_cast<std::ptrdiff_t>(index * size);
  if (pixels.empty()) {
    std::copy_n(values.begin() + from, size, out.begin());
  } else {
    std::transform(pixels.begin() + from, pixels.begin() + from + static_cast<std::ptrdiff_t>(size),
                   out.begin(), [](std::uint8_t pixel) { return static_cast<float>(pixel); });
  }
}

Samples allocate_samples(ElementKind kind, Shape shape, std::size_t count) {
  Samples samples;
  samples.kind = kind;
  samples.shape = std::move(shape);
  samples.count = count;
  const std::size_t elements = samples.sample_size() * count;
  if (kind == ElementKind::kImage) {
    samples.pixels.resize(elements);
  } else {
    samples.values.resize(elements);
  }
  samples.labels.assign(count, kNoLabel);
  return samples;
}

Samples gather(const Samples& samples, std::span<const std::size_t> indices) {
  Samples chosen = allocate_samples(samples.kind, samples.shape, indices.size());
  const std::size_t width = samples.sample_size();
  if (samples.kind == ElementKind::kImage) {
    gather_rows(samples.pixels, chosen.pixels, indices, width);
  } else {
    gather_rows(samples.values, chosen.values, indices, width);
  }
  gather_rows(samples.labels, chosen.labels, indices, 1);
  return chosen;
}

}  // namespace mote::data
