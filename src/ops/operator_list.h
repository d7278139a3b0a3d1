// The list of operators: the one place that names them all. No registration by static constructors.
#pragma once

#include <span>
#include <string_view>

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct OperatorRow {
  std::string_view name;
  OperatorPtr (*from_fields)(const Fields&);
  // A random legal graph with this one node: varied attributes, shapes and encodings (real, 8-bit, 16-bit
  // where they exist), constants where a network would have them. For conformance tests, fuzzing and
  // benchmarks.
  Graph (*sample)(Rng&);
};

std::span<const OperatorRow> operator_list();
// The row of that name; throws UserError for an unknown one.
const OperatorRow& find_operator(std::string_view name);
// An operator by name and attributes, as the text form (ir/text_form.h) needs it. Throws UserError.
OperatorPtr make_operator(std::string_view name, const Fields& fields);

}  // namespace mote
