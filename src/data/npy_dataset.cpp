#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/npy.h"
#include "base/text.h"
#include "data/memory_dataset.h"
#include "data/readers.h"
#include "data/split.h"

namespace mote::data {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw UserError(
      {"cannot take the arrays as a data set", where, why,
       "name the arrays x and y, or x_train, y_train, x_test, y_test; the first axis counts the samples"});
}

bool is_label_name(const std::string& name) {
  for (const char* word : {"label", "target", "class"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return name == "y" || name.starts_with("y_") || name.ends_with("_y") ||
         name.find("_y_") != std::string::npos;
}

struct Pair {
  const NpyArray* samples = nullptr;
  const NpyArray* labels = nullptr;
};

// Sorts the arrays by split, and within each into samples and labels.
std::map<std::optional<Split>, Pair> pair_up(const NpzArrays& arrays, const std::string& where) {
  std::map<std::optional<Split>, std::vector<const std::pair<std::string, NpyArray>*>> groups;
  for (const auto& array : arrays) groups[split_within(array.first)].push_back(&array);
  std::map<std::optional<Split>, Pair> pairs;
  for (auto& [split, members] : groups) {
    if (members.size() > 2)
      refuse(where, "it has " + std::to_string(members.size()) + " arrays for the same split");
    // samples first: by name, else the larger
    const auto rank = [](const auto* member) {
      return std::pair(is_label_name(member->first), -static_cast<std::int64_t>(member->second.count()));
    };
    std::sort(members.begin(), members.end(), [&](auto* a, auto* b) { return rank(a) < rank(b); });
    pairs[split] = {&members[0]->second, members.size() == 2 ? &members[1]->second : nullptr};
  }
  return pairs;
}

Samples to_samples(const NpyArray& array, const std::string& where) {
  if (array.shape.empty() || array.count() == 0) refuse(where, "it has no samples");
  Shape shape;
  shape.reserve(array.shape.size());  // one more than the sample's rank: grey images get a channel axis
  shape.assign(array.shape.begin() + 1, array.shape.end());
  const bool bytes = array.type == NpyType::kUint8;
  const bool image = bytes && (shape.size() == 2 || (shape.size() == 3 && (shape[2] == 1 || shape[2] == 3)));
  if (image && shape.size() == 2) shape.push_back(1);
  if (shape.empty()) shape = {1};
  const auto count = static_cast<std::size_t>(array.shape[0]);
  Samples samples = allocate_samples(image ? ElementKind::kImage : ElementKind::kTensor, shape, count);
  if (image) {
    std::memcpy(samples.pixels.data(), array.bytes.data(), array.bytes.size());
  } else {
    samples.values = array.as_float();
  }
  return samples;
}

// Labels are whole numbers, one per sample, or rows of class scores of which the largest counts (one-hot).
std::vector<std::string> label_words(const NpyArray& array, std::size_t count, const std::string& where) {
  if (array.shape.empty() || static_cast<std::size_t>(array.shape[0]) != count) {
    refuse(where, "the labels are not as many as the " + std::to_string(count) + " samples");
  }
  const std::vector<double> values = array.as_double();
  const std::size_t width = values.size() / count;
  std::vector<std::string> words(count);
  for (std::size_t n = 0; n < count; ++n) {
    const auto row = values.begin() + static_cast<std::ptrdiff_t>(n * width);
    const double value =
        width == 1
            ? *row
            : static_cast<double>(std::max_element(row, row + static_cast<std::ptrdiff_t>(width)) - row);
    if (value != std::floor(value) || value < 0 || value > 65535)
      refuse(where, "a label is not a class number");
    words[n] = std::to_string(static_cast<int>(value));
  }
  return words;
}

NpzArrays read_arrays(const FileSet& files, const DatasetOptions& options) {
  NpzArrays arrays;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& path = files.path(i);
    if (path.ends_with(".npz")) {
      for (auto& array : parse_npz(files.read(i), files.where(i))) arrays.push_back(std::move(array));
    } else if (path.ends_with(".npy")) {
      arrays.emplace_back(path.substr(0, path.size() - 4), parse_npy(files.read(i), files.where(i)));
    }
  }
  if (!options.labels_file.empty()) {
    arrays.emplace_back("labels", read_npy(files.root().parent_path() / options.labels_file));
  }
  return arrays;
}

}  // namespace

bool is_npy(const FileSet& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files.path(i).ends_with(".npy") || files.path(i).ends_with(".npz")) return true;
  }
  return false;
}

std::unique_ptr<Dataset> open_npy(FileSet files, const DatasetOptions& options) {
  const std::string where = files.root().string();
  const NpzArrays arrays = read_arrays(files, options);
  Table table{where, files.size() == 1 && !files.path(0).ends_with(".npz") ? "NumPy array" : "NumPy arrays",
              {},    {},
              {},    {}};
  for (const auto& [split, pair] : pair_up(arrays, where)) {
    Samples part = to_samples(*pair.samples, where);
    const std::vector<std::string> words = pair.labels != nullptr
                                               ? label_words(*pair.labels, part.count, where)
                                               : std::vector<std::string>(part.count);
    table.words.insert(table.words.end(), words.begin(), words.end());
    table.splits.insert(table.splits.end(), part.count, split);
    append_samples(table.samples, std::move(part), where);
  }
  if (table.samples.count == 0) refuse(where, "it holds no array");
  return make_memory_dataset(std::move(table), options);
}

}  // namespace mote::data
