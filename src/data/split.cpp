#include "data/split.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/file_set.h"

namespace mote::data {
namespace {

constexpr double kDefaultFraction = 0.1;
constexpr std::int32_t kMaxNumberLabel = 65535;

std::vector<std::size_t>& of(Assignment& assignment, Split split) {
  return assignment.indices[static_cast<std::size_t>(split)];
}

void check_fractions(double valid, double test, const std::string& where) {
  if (valid >= 0 && test >= 0 && valid + test <= 1) return;
  throw UserError(
      {"cannot split the data set", where,
       "the fractions valid=" + format_double(valid) + " and test=" + format_double(test) + " make no sense",
       "give fractions from 0 to 1 with a sum of at most 1"});
}

// Deals `pool` out class by class.
Assignment deal(std::span<const std::size_t> pool, std::span<const std::int32_t> labels, double valid,
                double test, std::uint64_t seed) {
  std::map<std::int32_t, std::vector<std::size_t>> by_class;
  for (const std::size_t index : pool) by_class[labels[index]].push_back(index);
  Assignment assignment;
  Rng rng(seed);
  for (auto& entry : by_class) {
    std::vector<std::size_t>& members = entry.second;
    for (std::size_t i = members.size(); i > 1; --i) {
      std::swap(members[i - 1],
                members[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(i) - 1))]);
    }
    const auto share = [&](double fraction) {
      return static_cast<std::size_t>(std::floor(fraction * static_cast<double>(members.size()) + 0.5));
    };
    const std::size_t valid_end = share(valid);
    const std::size_t test_end = std::min(members.size(), valid_end + share(test));
    for (std::size_t i = 0; i < members.size(); ++i) {
      of(assignment, i < valid_end  ? Split::kValid
                     : i < test_end ? Split::kTest
                                    : Split::kTrain)
          .push_back(members[i]);
    }
  }
  for (auto& indices : assignment.indices) std::sort(indices.begin(), indices.end());
  return assignment;
}

std::string percent(double fraction) { return format_double(std::round(fraction * 1000) / 10) + " %"; }

Assignment keep_given(std::span<const std::int32_t> labels, std::span<const std::optional<Split>> given,
                      const DatasetOptions& options, const std::string& where) {
  Assignment assignment;
  for (std::size_t i = 0; i < given.size(); ++i) of(assignment, *given[i]).push_back(i);
  assignment.rule = "as the data set names them";
  if (options.valid_fraction && of(assignment, Split::kValid).empty()) {
    check_fractions(*options.valid_fraction, 0, where);
    Assignment parts = deal(of(assignment, Split::kTrain), labels, *options.valid_fraction, 0, options.seed);
    of(assignment, Split::kTrain) = std::move(of(parts, Split::kTrain));
    of(assignment, Split::kValid) = std::move(of(parts, Split::kValid));
    assignment.rule += ", valid is " + percent(*options.valid_fraction) + " of train by seed " +
                       std::to_string(options.seed);
  }
  return assignment;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::optional<std::int32_t> small_number(const std::string& word) {
  std::int32_t value = 0;
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (code != std::errc() || end != word.data() + word.size() || value < 0 || value > kMaxNumberLabel)
    return {};
  return value;
}

}  // namespace

Assignment assign_splits(std::span<const std::int32_t> labels, std::span<const std::optional<Split>> given,
                         const DatasetOptions& options, const std::string& where) {
  MOTE_CHECK(labels.size() == given.size());
  const auto named =
      static_cast<std::size_t>(std::count_if(given.begin(), given.end(), [](auto& g) { return !!g; }));
  if (named != 0 && named != given.size()) {
    throw UserError({"cannot split the data set", where,
                     "some of its parts are named train, valid or test and some are not",
                     "name all parts after splits, or none"});
  }
  if (named != 0) return keep_given(labels, given, options, where);
  std::vector<std::size_t> all(labels.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  if (std::all_of(labels.begin(), labels.end(), [](std::int32_t label) { return label == kNoLabel; })) {
    return {{all, all, all}, "not split, for want of labels: every split is the whole"};
  }
  const double valid = options.valid_fraction.value_or(kDefaultFraction);
  const double test = options.test_fraction.value_or(kDefaultFraction);
  check_fractions(valid, test, where);
  Assignment assignment = deal(all, labels, valid, test, options.seed);
  assignment.rule = percent(valid) + " valid and " + percent(test) + " test of each class, by seed " +
                    std::to_string(options.seed);
  return assignment;
}

std::optional<Split> split_of_word(std::string_view word) {
  const std::string text = lower(word);
  if (text == "train" || text == "training") return Split::kTrain;
  if (text == "valid" || text == "validation" || text == "val" || text == "dev") return Split::kValid;
  if (text == "test" || text == "testing" || text == "t10k") return Split::kTest;
  return std::nullopt;
}

std::optional<Split> split_within(std::string_view name) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && std::string_view("-_. /").find(name[i]) == std::string_view::npos) continue;
    if (const auto split = split_of_word(name.substr(begin, i - begin))) return split;
    begin = i + 1;
  }
  return std::nullopt;
}

Classes number_classes(std::span<const std::string> words) {
  Classes classes;
  classes.labels.assign(words.size(), kNoLabel);
  std::int32_t largest = kNoLabel;
  bool all_numbers = true;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    const auto number = small_number(word);
    all_numbers &= number.has_value();
    if (number) largest = std::max(largest, *number);
  }
  if (all_numbers) {
    for (std::int32_t i = 0; i <= largest; ++i) classes.names.push_back(std::to_string(i));
    for (std::size_t i = 0; i < words.size(); ++i)
      classes.labels[i] = small_number(words[i]).value_or(kNoLabel);
    return classes;
  }
  classes.names.assign(words.begin(), words.end());
  std::erase(classes.names, "");
  std::sort(classes.names.begin(), classes.names.end(), natural_less);
  classes.names.erase(std::unique(classes.names.begin(), classes.names.end()), classes.names.end());
  std::map<std::string, std::int32_t> numbers;
  for (const std::string& name : classes.names)
    numbers.emplace(name, static_cast<std::int32_t>(numbers.size()));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].empty()) classes.labels[i] = numbers.at(words[i]);
  }
  return classes;
}

}  // namespace mote::data
