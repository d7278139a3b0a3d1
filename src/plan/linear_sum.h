// The sum or difference of two 8-bit tensors as one linear form, with a proof.
//
// The law of Add (docs/numerics.md, equations 17 to 19) scales both operands and their sum, three
// multiplications with two roundings each. Its result has 8 bits and its operands have 256 values each, so a
// form
//   clamp(floor((a * a_multiplier + b * b_multiplier + offset) / 2^22), low, high)
// can be tried on every pair; it is used only when all agree. Refused are sums that would leave 32
// bits, and the rare scales for which no neighbouring multipliers reproduce every rounding.
#pragma once

#include <optional>

#include "ops/binary_law.h"

namespace mote {

struct LinearSum {
  static constexpr int kShift = 22;
  std::int32_t a_multiplier;
  std::int32_t b_multiplier;
  std::int32_t offset;
};

// nullopt where no form was found; `law` is of Add or Sub, both operands have at most 8 bits.
std::optional<LinearSum> prove_linear_sum(const BinaryLaw& law, const Encoding& a, const Encoding& b,
                                          const Encoding& output);

}  // namespace mote
