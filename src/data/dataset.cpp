#include "data/dataset.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <system_error>

#include "base/error.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/feature_dataset.h"
#include "data/readers.h"

namespace mote::data {
namespace {

using Keys = std::vector<std::pair<std::string, std::string>>;

struct Kind {
  const char* name;
  bool (*is)(const FileSet&);
  std::unique_ptr<Dataset> (*open)(FileSet, const DatasetOptions&);
};

// In order of certainty: names that only one kind uses come first, single files of many kinds last.
constexpr std::array<Kind, 6> kKinds = {{{"IDX", is_idx, open_idx},
                                         {"CIFAR binary", is_cifar, open_cifar},
                                         {"pictures", is_image_files, open_image_files},
                                         {"sounds", is_audio_files, open_audio_files},
                                         {".npy or .npz", is_npy, open_npy},
                                         {".csv", is_csv, open_csv}}};

[[noreturn]] void malformed(const std::string& specification, const std::string& why) {
  throw UserError(
      {"malformed data specification", specification, why,
       "write PATH?key=value&key=value with the keys seed, valid, test, label, labels, features"});
}

Keys parse_keys(const std::string& specification, const std::string& text) {
  Keys keys;
  for (const std::string& item : split(text, '&')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0)
      malformed(specification, "'" + item + "' is not key=value");
    keys.emplace_back(item.substr(0, equals), item.substr(equals + 1));
  }
  return keys;
}

template <class T>
T number(const std::string& specification, const std::string& key, const std::string& value) {
  T result{};
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (code != std::errc() || end != value.data() + value.size())
    malformed(specification, key + " is not a number");
  return result;
}

void apply_keys(const std::string& specification, const Keys& keys, DatasetOptions& options) {
  for (const auto& [key, value] : keys) {
    if (key == "seed") {
      options.seed = number<std::uint64_t>(specification, key, value);
    } else if (key == "valid") {
      options.valid_fraction = number<double>(specification, key, value);
    } else if (key == "test") {
      options.test_fraction = number<double>(specification, key, value);
    } else if (key == "label") {
      options.label_column = value;
    } else if (key == "labels") {
      options.labels_file = value;
    } else if (key == "features") {
      options.features = value;
    } else {
      malformed(specification, "there is no key '" + key + "'");
    }
  }
}

// A sorted random choice of `wanted` numbers below `count`: the first steps of a shuffle.
std::vector<std::size_t> choose(std::size_t count, std::size_t wanted, std::uint64_t seed) {
  std::vector<std::size_t> indices(count);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  if (wanted >= count) return indices;
  Rng rng(seed);
  for (std::size_t i = 0; i < wanted; ++i) {
    const auto other = rng.integer(static_cast<std::int64_t>(i), static_cast<std::int64_t>(count) - 1);
    std::swap(indices[i], indices[static_cast<std::size_t>(other)]);
  }
  indices.resize(wanted);
  std::sort(indices.begin(), indices.end());
  return indices;
}

std::string other_splits(const DatasetInfo& info) {
  std::vector<std::string> names;
  for (std::size_t s = 0; s < kSplitCount; ++s) {
    if (info.counts[s] > 0) names.push_back(split_name(static_cast<Split>(s)));
  }
  return join(names, ", ");
}

}  // namespace

Samples Dataset::load(Split split, const LoadOptions& options) const {
  const std::size_t count = info_.counts[static_cast<std::size_t>(split)];
  if (count == 0) {
    throw UserError({std::string("the data set has no ") + split_name(split) + " samples", info_.name,
                     "it has " + other_splits(info_) + " (" + info_.split_rule + ")",
                     "choose another split, or take a part of train with ?valid=0.1"});
  }
  return read(split, choose(count, options.max_count, options.seed), options.shape);
}

std::unique_ptr<Dataset> open_dataset(const std::string& specification, DatasetOptions options) {
  std::string path = specification;
  Keys keys;
  std::error_code code;
  const std::size_t question = specification.rfind('?');
  if (question != std::string::npos && !std::filesystem::exists(specification, code)) {
    path = specification.substr(0, question);
    keys = parse_keys(specification, specification.substr(question + 1));
  }
  if (path == "synth:glyphs") return open_glyphs(keys);
  if (path.starts_with("synth:")) {
    throw UserError({"unknown generator of data", path, "it is none of " + join(list_generators(), ", "),
                     "name one of them"});
  }
  apply_keys(specification, keys, options);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  FileSet files = FileSet::open(path);
  for (const Kind& kind : kKinds) {
    if (!kind.is(files)) continue;
    auto dataset = kind.open(std::move(files), options);
    return options.features.empty() ? std::move(dataset)
                                    : with_audio_features(std::move(dataset), options.features);
  }
  std::vector<std::string> known;
  for (const Kind& kind : kKinds) known.emplace_back(kind.name);
  throw UserError(
      {"cannot tell the kind of the data set", path,
       files.size() == 0 ? "it holds no files"
                         : "none of its " + format_count(files.size()) +
                               " files is of a known kind, such as " + files.path(0),
       "give one of: " + join(known, ", ") + ", or a generator: " + join(list_generators(), ", ")});
}

std::string with_features(const std::string& specification, const std::string& features) {
  if (features.empty()) return specification;
  std::string list = features;
  std::replace(list.begin(), list.end(), '?', ',');
  std::replace(list.begin(), list.end(), '&', ',');
  std::error_code code;
  const bool has_keys =
      specification.find('?') != std::string::npos && !std::filesystem::exists(specification, code);
  return specification + (has_keys ? "&features=" : "?features=") + list;
}

std::vector<std::string> list_generators() { return {"synth:glyphs"}; }

}  // namespace mote::data
