#include "base/error.h"

namespace mote {

std::string UserError::join(const Parts& parts) {
  std::string text = parts.what;
  if (!parts.where.empty()) text += "\n  where:  " + parts.where;
  if (!parts.why.empty()) text += "\n  why:    " + parts.why;
  if (!parts.remedy.empty()) text += "\n  remedy: " + parts.remedy;
  return text;
}

void fail_check(const char* condition, const char* file, int line, const std::string& detail) {
  std::string text = std::string(file) + ":" + std::to_string(line) + ": " + condition;
  if (!detail.empty()) text += " (" + detail + ")";
  throw InternalError(text);
}

}  // namespace mote
