// A data set: labelled samples in three splits, opened from a specification
//
//     PATH[?key=value&...]      a folder, an archive or a file; its kind is detected
//     synth:NAME[?key=value&...]  made by a generator of list_generators()
//
// Kinds: pictures or sounds in class folders (also inside .tar, .tar.gz, .zip), IDX, CIFAR binary, .npy/.npz,
// .csv. Keys for paths: seed, valid, test (fractions), label (csv: column name or number, or "none"), labels
// (npy: file beside), features (sounds: audio_features.h, its parameters
// behind commas). Keys for synth:glyphs: seed, train, valid, test (sample counts).
//
// Splits: folders or files that are named after a split decide. Without any, samples are dealt out by a
// seeded shuffle within each class (80 % train, 10 % valid, 10 % test unless given). Samples without labels
// are not dealt out: every split is all of them. Opening and loading throw UserError for what is missing,
// damaged or ambiguous.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/samples.h"

namespace mote::data {

struct DatasetOptions {
  std::uint64_t seed = 1;  // of the seeded split
  std::optional<double>
      valid_fraction;  // where no split is given: 0.1. Where splits are given: taken out of train if set
  std::optional<double> test_fraction;  // where no split is given: 0.1
  std::string
      label_column;  // csv: name or 0-based number; empty: "label", "class", "target" or the last; "none"
  std::string labels_file;  // npy: labels of a single .npy, relative to it
  std::string features;     // sounds: as parse_audio_features() reads it; empty: the samples themselves
};

struct DatasetInfo {
  std::string name;    // the specification without its keys
  std::string format;  // "image files", "IDX", ...
  ElementKind kind = ElementKind::kTensor;
  Shape shape;                           // of one sample as loaded by default: H,W,C, or T,C, or features
  std::vector<std::string> class_names;  // empty: without labels
  std::array<std::size_t, kSplitCount> counts{};
  std::string split_rule;  // how the splits came about, in words
  int sample_rate_hz = 0;  // audio only
};

struct LoadOptions {
  std::size_t max_count =
      std::numeric_limits<std::size_t>::max();  // at most so many, a random part chosen by seed
  std::uint64_t seed = 1;
  Shape shape;  // wanted shape of a sample, see fit.h; empty: as the data set has it
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  const DatasetInfo& info() const { return info_; }

  // The samples in the order of the data set, also when only a part is asked for. Throws UserError when the
  // split is empty or a sample cannot be given the wanted shape.
  Samples load(Split split, const LoadOptions& options = {}) const;

  // Reads the samples at `indices` of the split, with `shape` as in LoadOptions.
  virtual Samples read(Split split, std::span<const std::size_t> indices, const Shape& shape) const = 0;

 protected:
  explicit Dataset(DatasetInfo info) : info_(std::move(info)) {}

 private:
  DatasetInfo info_;
};

// Keys in `specification` override `options`.
std::unique_ptr<Dataset> open_dataset(const std::string& specification, DatasetOptions options = {});

// The specification with these features (--features) as one of its keys; unchanged where they are empty.
std::string with_features(const std::string& specification, const std::string& features);

std::vector<std::string> list_generators();  // "synth:glyphs", ...

}  // namespace mote::data
