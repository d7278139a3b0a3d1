#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "data/memory_dataset.h"
#include "data/readers.h"
#include "data/split.h"

namespace mote::data {
namespace {

using Row = std::vector<std::string>;
constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw UserError({"cannot read the table", where, why,
                   "give rows of numbers with one label column; name it with ?label=NAME, or ?label=none"});
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

std::optional<float> number(std::string_view text) {
  float value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Fields may stand in double quotes; a doubled quote inside is one (RFC 4180), but a field ends with its
// line.
Row fields_of(std::string_view line, char separator) {
  Row row(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      row.back() += line[i++];
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == separator && !quoted) {
      row.emplace_back();
    } else {
      row.back() += line[i];
    }
  }
  for (std::string& field : row) field = trimmed(field);
  return row;
}

char separator_of(std::string_view line) {
  char best = ',';
  for (const char candidate : {',', ';', '\t'}) {
    if (std::count(line.begin(), line.end(), candidate) > std::count(line.begin(), line.end(), best))
      best = candidate;
  }
  return best;
}

std::size_t label_column(const Row& header, const std::string& wanted, std::size_t columns,
                         const std::string& where) {
  if (wanted == "none") return kNoColumn;
  if (!wanted.empty()) {
    const auto named = std::find(header.begin(), header.end(), wanted);
    if (named != header.end()) return static_cast<std::size_t>(named - header.begin());
    const auto position = number(wanted);
    if (position && *position >= 0 && *position < static_cast<float>(columns))
      return static_cast<std::size_t>(*position);
    refuse(where, "it has no column '" + wanted + "'");
  }
  for (std::size_t i = 0; i < header.size(); ++i) {
    for (const char* known : {"label", "Label", "class", "Class", "target", "y"}) {
      if (header[i] == known) return i;
    }
  }
  return columns - 1;
}

struct CsvPart {
  Samples samples;
  std::vector<std::string> words;
};

CsvPart parse_csv(std::string_view text, const DatasetOptions& options, const std::string& where) {
  CsvPart part;
  const char separator = separator_of(text.substr(0, text.find('\n')));
  std::size_t columns = 0;
  std::size_t label = kNoColumn;
  std::size_t line_number = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++line_number;
    if (trimmed(line).empty() || line.starts_with('#')) continue;
    const Row row = fields_of(line, separator);
    if (columns == 0) {
      columns = row.size();
      const bool is_header =
          std::none_of(row.begin(), row.end(), [](const auto& f) { return number(f).has_value(); });
      label = label_column(is_header ? row : Row{}, options.label_column, columns, where);
      if (is_header) continue;
    }
    const std::string place = where + ", line " + std::to_string(line_number);
    if (row.size() != columns) {
      refuse(place,
             "it has " + std::to_string(row.size()) + " fields, the first line " + std::to_string(columns));
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == label) continue;
      const auto value = number(row[i]);
      if (!value) refuse(place, "'" + row[i] + "' is not a number");
      part.samples.values.push_back(*value);
    }
    part.words.push_back(label == kNoColumn ? "" : row[label]);
  }
  const std::size_t features = columns - (label == kNoColumn ? 0 : 1);
  if (part.words.empty() || features == 0) refuse(where, "it has no row of numbers");
  part.samples.shape = {static_cast<std::int64_t>(features)};
  part.samples.count = part.words.size();
  part.samples.labels.assign(part.samples.count, kNoLabel);
  return part;
}

// A class written as a number must be whole: "3" and "3.0" are the same class, 3.7 is a quantity.
void check_labels(std::vector<std::string>& words, const std::string& where) {
  for (std::string& word : words) {
    const auto value = number(word);
    if (!value) continue;
    if (!(std::abs(*value) < 1e9F) || *value != std::floor(*value)) {
      refuse(where, "the label column holds " + word + ", a quantity rather than a class");
    }
    word = std::to_string(static_cast<std::int64_t>(*value));
  }
}

bool is_csv_name(const std::string& path) { return path.ends_with(".csv") || path.ends_with(".tsv"); }

}  // namespace

bool is_csv(const FileSet& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (is_csv_name(files.path(i)) || files.path(i).ends_with(".csv.gz")) return true;
  }
  return false;
}

std::unique_ptr<Dataset> open_csv(FileSet files, const DatasetOptions& options) {
  Table table{files.root().string(), "text table", {}, {}, {}, {}};
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool compressed = files.path(i).ends_with(".csv.gz");
    if (!is_csv_name(files.path(i)) && !compressed) continue;
    const auto bytes = compressed ? files.read_decompressed(i) : files.read(i);
    CsvPart part =
        parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, options, files.where(i));
    check_labels(part.words, files.where(i));
    table.words.insert(table.words.end(), part.words.begin(), part.words.end());
    table.splits.insert(table.splits.end(), part.samples.count, split_within(files.path(i)));
    append_samples(table.samples, std::move(part.samples), files.where(i));
  }
  return make_memory_dataset(std::move(table), options);
}

}  // namespace mote::data
