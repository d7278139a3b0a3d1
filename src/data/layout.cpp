#include "data/layout.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/text.h"
#include "data/split.h"

namespace mote::data {
namespace {

using Parts = std::vector<std::string>;

// The number of leading folders that all paths share and that are not named after a split.
std::size_t shared_folders(const std::vector<Parts>& paths) {
  for (std::size_t depth = 0;; ++depth) {
    const auto differs = [&](const Parts& parts) {
      return parts.size() <= depth + 1 || parts[depth] != paths.front()[depth] ||
             split_of_word(parts[depth]).has_value();
    };
    if (std::any_of(paths.begin(), paths.end(), differs)) return depth;
  }
}

std::string flat_label(const std::string& file_name) {
  const std::size_t end = file_name.find('_');
  return end == std::string::npos ? "" : file_name.substr(0, end);
}

void label_by_name(const std::vector<Parts>& paths, FileLayout& layout) {
  std::set<std::string> distinct;
  for (const Parts& parts : paths) distinct.insert(flat_label(parts.back()));
  if (distinct.contains("") || distinct.size() >= paths.size()) return;
  for (std::size_t i = 0; i < paths.size(); ++i) layout.classes[i] = flat_label(paths[i].back());
}

std::optional<int> spoken_digit_index(const std::string& file_name) {
  const Parts parts = split(file_name.substr(0, file_name.rfind('.')), '_');
  if (parts.size() != 3 || parts[0].size() != 1 || parts[0][0] < '0' || parts[0][0] > '9')
    return std::nullopt;
  int index = 0;
  const char* end = parts[2].data() + parts[2].size();
  const auto [rest, code] = std::from_chars(parts[2].data(), end, index);
  if (code != std::errc() || rest != end) return std::nullopt;
  return index;
}

void split_spoken_digits(const std::vector<Parts>& paths, FileLayout& layout) {
  constexpr std::size_t kDigits = 10;
  constexpr int kTestRecordings = 5;
  if (std::set<std::string>(layout.classes.begin(), layout.classes.end()).size() != kDigits) return;
  std::vector<std::optional<Split>> splits;
  for (const Parts& parts : paths) {
    const auto index = spoken_digit_index(parts.back());
    if (!index) return;
    splits.emplace_back(*index < kTestRecordings ? Split::kTest : Split::kTrain);
  }
  layout.splits = std::move(splits);
}

}  // namespace

FileLayout read_layout(const std::vector<std::string>& paths) {
  FileLayout layout{std::vector<std::string>(paths.size()), std::vector<std::optional<Split>>(paths.size())};
  if (paths.empty()) return layout;
  std::vector<Parts> parts;
  parts.reserve(paths.size());
  for (const std::string& path : paths) parts.push_back(split(path, '/'));
  const std::size_t base = shared_folders(parts);
  bool flat = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::size_t at = base;
    if (parts[i].size() > at + 1) layout.splits[i] = split_of_word(parts[i][at]);
    if (layout.splits[i]) ++at;
    if (parts[i].size() <= at + 1) continue;  // the file lies in the split's folder itself
    layout.classes[i] = parts[i][at];
    flat = false;
  }
  if (flat) {
    label_by_name(parts, layout);
    const bool split_given =
        std::any_of(layout.splits.begin(), layout.splits.end(), [](auto& s) { return !!s; });
    if (!split_given) split_spoken_digits(parts, layout);
  }
  return layout;
}

}  // namespace mote::data
