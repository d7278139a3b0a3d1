// Scanner of the text form: characters to words, numbers and strings, with the line for messages. Internal to
// ir/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mote {

class TextScanner {
 public:
  TextScanner(std::string_view text, std::string origin) : rest_(text), origin_(std::move(origin)) {}

  // All of these skip blanks and comments first and throw UserError when something else stands there.
  bool at_end();
  bool accept(std::string_view word);  // takes a punctuation mark or a whole word, if it is next
  bool accept_mark(char mark);         // takes one character, whatever follows it
  void expect(std::string_view word);
  std::string word();    // [A-Za-z_][A-Za-z0-9_]*
  std::string quoted();  // "..." with \" \\ \xNN
  std::int64_t integer();
  std::uint32_t reference();  // %12
  // A number as text: digits, sign, point, exponent, or inf and nan; `single` is true when an `f` follows.
  struct Number {
    std::string text;
    bool single = false;
    bool whole() const { return !single && text.find_first_not_of("-0123456789") == std::string::npos; }
  };
  Number number();
  char peek();  // next character that is not blank, 0 at the end

  [[noreturn]] void fail(const std::string& why) const;

 private:
  void skip_blanks();
  std::string excerpt() const;

  std::string_view rest_;
  std::string origin_;
  int line_ = 1;
};

// Decimal text to a number; `scanner` reports what does not fit.
std::int64_t integer_from(const std::string& text, const TextScanner& scanner);
double real_from(const TextScanner::Number& number, const TextScanner& scanner);

}  // namespace mote
