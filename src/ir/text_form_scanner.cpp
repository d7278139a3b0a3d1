#include "ir/text_form_scanner.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

#include "base/error.h"

namespace mote {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_word(char c) { return starts_word(c) || is_digit(c); }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void TextScanner::fail(const std::string& why) const {
  throw UserError({"the text form of a graph cannot be read", origin_ + ":" + std::to_string(line_), why,
                   "mend that line, or print the graph again"});
}

std::string TextScanner::excerpt() const {
  if (rest_.empty()) return "the end of the text";
  std::string shown = "'";
  for (const char c : rest_.substr(0, 12)) shown += c >= 0x20 && c < 0x7f ? c : '?';
  return shown + "'";
}

void TextScanner::skip_blanks() {
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (c == '#') {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (c == '\n') ++line_;
      rest_.remove_prefix(1);
    } else {
      return;
    }
  }
}

char TextScanner::peek() {
  skip_blanks();
  return rest_.empty() ? '\0' : rest_.front();
}

bool TextScanner::at_end() {
  skip_blanks();
  return rest_.empty();
}

bool TextScanner::accept(std::string_view word) {
  // what is not taken leaves the blanks before it too, so that errors name the line of the last thing read
  const auto before = std::pair(rest_, line_);
  skip_blanks();
  const bool found = rest_.starts_with(word);
  const bool cut =
      found && rest_.size() > word.size() && starts_word(word.front()) && continues_word(rest_[word.size()]);
  if (!found || cut) {
    std::tie(rest_, line_) = before;
    return false;
  }
  rest_.remove_prefix(word.size());
  return true;
}

bool TextScanner::accept_mark(char mark) {
  if (peek() != mark) return false;
  rest_.remove_prefix(1);
  return true;
}

void TextScanner::expect(std::string_view word) {
  if (accept(word)) return;
  skip_blanks();
  fail("'" + std::string(word) + "' is missing before " + excerpt());
}

std::string TextScanner::word() {
  skip_blanks();
  std::size_t length = 0;
  if (!rest_.empty() && starts_word(rest_.front()))
    while (length < rest_.size() && continues_word(rest_[length])) ++length;
  if (length == 0) fail("a name is missing before " + excerpt());
  std::string result(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return result;
}

std::string TextScanner::quoted() {
  expect("\"");
  std::string result;
  std::size_t i = 0;
  for (; i < rest_.size() && rest_[i] != '"'; ++i) {
    if (rest_[i] == '\n') fail("a string does not end on its line");
    if (rest_[i] != '\\') {
      result += rest_[i];
      continue;
    }
    const char escaped = i + 1 < rest_.size() ? rest_[i + 1] : '\0';
    if (escaped == '"' || escaped == '\\') {
      result += escaped;
      ++i;
    } else {
      const int high = escaped == 'x' && i + 3 < rest_.size() ? hex_digit(rest_[i + 2]) : -1;
      const int low = high >= 0 ? hex_digit(rest_[i + 3]) : -1;
      if (low < 0) fail("a string has an unknown escape");
      result += static_cast<char>(high * 16 + low);
      i += 3;
    }
  }
  if (i == rest_.size()) fail("a string does not end");
  rest_.remove_prefix(i + 1);
  return result;
}

TextScanner::Number TextScanner::number() {
  skip_blanks();
  const auto matches = [&](std::string_view literal) { return rest_.starts_with(literal); };
  Number result;
  for (const std::string_view special : {"inf", "-inf", "nan"})
    if (matches(special)) {
      result.text = special;
      rest_.remove_prefix(special.size());
      return result;
    }
  std::size_t length = 0;
  for (; length < rest_.size(); ++length) {
    const char c = rest_[length];
    const bool sign = c == '-' || (c == '+' && length > 0);
    if (!is_digit(c) && c != '.' && c != 'e' && !sign) break;
  }
  result.text = rest_.substr(0, length);
  if (result.text.empty()) fail("a number is missing before " + excerpt());
  rest_.remove_prefix(length);
  if (rest_.starts_with('f')) {
    result.single = true;
    rest_.remove_prefix(1);
  }
  return result;
}

std::int64_t TextScanner::integer() {
  const Number n = number();
  if (!n.whole()) fail("'" + n.text + "' is not a whole number");
  return integer_from(n.text, *this);
}

std::uint32_t TextScanner::reference() {
  expect("%");
  const std::int64_t id = integer();
  if (id < 0 || id >= std::numeric_limits<std::int32_t>::max())
    fail("%" + std::to_string(id) + " is not a value");
  return static_cast<std::uint32_t>(id);
}

std::int64_t integer_from(const std::string& text, const TextScanner& scanner) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size())
    scanner.fail("'" + text + "' is not a 64-bit number");
  return value;
}

double real_from(const TextScanner::Number& number, const TextScanner& scanner) {
  const std::string& text = number.text;
  const auto read = [&](auto value) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size())
      scanner.fail("'" + text + "' is not a number");
    return static_cast<double>(value);
  };
  return number.single ? read(float{}) : read(double{});
}

}  // namespace mote
