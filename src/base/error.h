// Errors. Two kinds, never mixed:
//   UserError   something the user can mend (a file, an option, a budget): what happened, where,
//               why, and the remedy.
//               Thrown anywhere, printed only by cli/.
//   MOTE_CHECK  a bug of ours: throws InternalError with the condition and place; cli/ asks for a report.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace mote {

class UserError : public std::runtime_error {
 public:
  struct Parts {
    std::string what;    // one sentence: what could not be done
    std::string where;   // file, node, field; may be empty
    std::string why;     // the reason, with the offending values
    std::string remedy;  // what the user can do
  };
  explicit UserError(Parts parts) : std::runtime_error(join(parts)), parts_(std::move(parts)) {}
  const Parts& parts() const { return parts_; }

 private:
  static std::string join(const Parts& parts);
  Parts parts_;
};

class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void fail_check(const char* condition, const char* file, int line,
                             const std::string& detail = {});

}  // namespace mote

#define MOTE_CHECK(condition, ...)                                                                   \
  do {                                                                                               \
    if (!(condition)) ::mote::fail_check(#condition, __FILE__, __LINE__ __VA_OPT__(, ) __VA_ARGS__); \
  } while (false)
