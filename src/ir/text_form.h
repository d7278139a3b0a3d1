// The text form of a graph, for dumps, golden tests and bug reports. It carries everything: parse(print(g))
// == g.
//
//   graph "name" {
//     %0 "x" : s8[1x4x4x3] {scale=[0.5], zero=[-3]} = input
//     %1 "w" : s8[2x1x1x3] {axis=0, scale=[0.1, 0.2], zero=[0, 0]} = constant "0102fdff0300"
//     %2 "y" : s8[1x4x4x2] {scale=[0.25], zero=[0]} = Conv2D(%0, %1, _) {stride=[1, 1], groups=1} @
//     "stem/conv" output %2
//   }
//
// One line for each input, in order; then the constants, with their bytes in hexadecimal; then the nodes in
// order; then the outputs in order. `_` is an absent input. A plain integer has no braces after its type;
// `sparsity=n_of_m(2, 4)` may stand in them. Reals end in `f` when they are float32 values. Text after `#` is
// a comment.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "ir/graph.h"

namespace mote {

struct PrintOptions {
  bool constant_bytes = true;  // else `constant ...`, which does not parse
};

std::string print(const Graph& graph, PrintOptions options = {});

// Makes an operator from its name and attributes; throws UserError for an unknown name or a wrong attribute.
using OperatorFactory = std::function<OperatorPtr(std::string_view name, const Fields& fields)>;

// Throws UserError, with `origin` and the line, for anything but a well-formed graph whose values are each
// made once and before their use. Types and attributes are not checked against the operators: that is
// verify's task.
Graph parse(std::string_view text, const std::string& origin, const OperatorFactory& make_operator);

}  // namespace mote
