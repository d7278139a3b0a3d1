// The integer law of the binary operators: docs/numerics.md, equations 17 to 22. The evaluation applies it,
// and the planner hands its constants to the kernels.
#pragma once

#include <string_view>

#include "ops/fixed_point.h"

namespace mote {

// Quantized operands and output of at most 16 bits, per tensor. Powers are not here: they are tables
// (equation 23).
struct BinaryLaw {
  enum class Kind { Sum, Product, Quotient, Minimum, Maximum, PRelu };
  Kind kind = Kind::Sum;
  std::int32_t a_zero = 0;
  std::int32_t b_zero = 0;
  std::int32_t out_zero = 0;
  int left_shift = 0;     // Sum
  bool subtract = false;  // Sum
  Multiplier a;           // Sum, Minimum, Maximum, PRelu (x >= 0)
  Multiplier b;           // Sum, Minimum, Maximum, PRelu (x < 0)
  Multiplier out;         // Sum, Product, Quotient
  IntegerRange range{};

  std::int32_t operator()(std::int32_t qa, std::int32_t qb) const;
};

// `function`: a Binary function but Pow, or "PRelu" (b is the slope).
BinaryLaw binary_law(std::string_view function, const Encoding& a, const Encoding& b, const Encoding& output,
                     Clamp clamp);

}  // namespace mote
