#include "ir/operator.h"

namespace mote {

const FieldValue& FieldReader::find(std::string_view name) const {
  for (const auto& [key, value] : fields_)
    if (key == name) return value;
  throw UserError(
      {"an attribute is missing", std::string(name), "the operator needs it", "add it to the text form"});
}

void FieldReader::wrong_kind(std::string_view name) {
  throw UserError({"an attribute has the wrong kind", std::string(name), "its value is of another type",
                   "mend the text form"});
}

}  // namespace mote
