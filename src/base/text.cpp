#include "base/text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/error.h"

namespace mote {

namespace {

template <class T>
std::string shortest(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer{};
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  MOTE_CHECK(code == std::errc());
  return {buffer.data(), end};
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  double value = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || !(value >= 0)) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  double factor = 1;
  if (!unit.empty() && unit[0] != 'B') {
    switch (unit[0]) {
      case 'k':
      case 'K': factor = 1024; break;
      case 'M': factor = 1024.0 * 1024; break;
      case 'G': factor = 1024.0 * 1024 * 1024; break;
      default: return std::nullopt;
    }
    unit.remove_prefix(1);
  }
  if (!unit.empty() && unit != "B" && unit != "iB") return std::nullopt;
  const double bytes = value * factor;
  if (bytes > 1e18) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return digits;
}

std::string format_bytes(std::uint64_t bytes) {
  std::string text = format_count(bytes) + " bytes";
  if (bytes < 1024) return text;
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                 static_cast<double>(bytes) / 1024, std::chars_format::fixed, 1)
                       .ptr;
  return text + " (" + std::string(buffer.data(), end) + " KiB)";
}

std::string format_float(float value) { return shortest(value); }
std::string format_double(double value) { return shortest(value); }

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find(separator, start);
    parts.emplace_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string upper_case(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string c_identifier(std::string_view text) {
  std::string name;
  for (const char c : text) name += is_word(c) ? c : '_';
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name.insert(0, "_");
  return name;
}

}  // namespace mote
