// Which sample belongs to which split, and class names for labels of any form.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/samples.h"

namespace mote::data {

struct Assignment {
  std::array<std::vector<std::size_t>, kSplitCount> indices;  // ascending sample numbers
  std::string rule;                                           // in words, for DatasetInfo
};

// `given` holds the split that the data set itself names for each sample; either all have one or none, else
// UserError.
Assignment assign_splits(std::span<const std::int32_t> labels, std::span<const std::optional<Split>> given,
                         const DatasetOptions& options, const std::string& where);

// The split that a folder or file name stands for ("train", "training", "val", "t10k", ...), if any.
std::optional<Split> split_of_word(std::string_view word);
// The same for a name that contains such a word as a part: "x_train", "train-images-idx3-ubyte".
std::optional<Split> split_within(std::string_view name);

struct Classes {
  std::vector<std::string> names;
  std::vector<std::int32_t> labels;  // index into names
};

// Small non-negative integers keep their value as label (class "7" has label 7, whether or not 0 to 6 occur);
// other words are numbered in natural order. An empty word means no label.
Classes number_classes(std::span<const std::string> words);

}  // namespace mote::data
