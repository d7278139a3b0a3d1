// The sum or difference of two 8-bit tensors as one linear form, with a proof.
//
// The law of Add (docs/numerics.md, equations 17 to 19) scales both operands and their sum, three
// multiplications with two roundings each. Its result has 8 bits and its operands have 256 values each, so a
// form
//   clamp(floor((a * a_multiplier + b * b_multiplier + offset) / 2^22), low, high)
// can be tried on every pair; it is used only when all agree. Refused are sums that would leave 32
// bits, and the rare scales for which no neighbouring multipliers reproduce every rounding. Cores with a high
// product of 32 and 16 bits take another form, whose products are cut:
//   clamp(floor((floor(a * a_multiplier / 2^8) + floor(b * b_multiplier / 2^8) + offset) / 2^21), low, high)
#pragma once

#include <optional>

#include "ops/binary_law.h"

namespace mote {

enum class Products { kWhole, kHigh };

struct LinearSum {
  static constexpr int kShift = 22;      // kWhole
  static constexpr int kHighShift = 21;  // kHigh
  std::int32_t a_multiplier;
  std::int32_t b_multiplier;
  std::int32_t offset;
};

// nullopt where no form was found; `law` is of Add or Sub, both operands have at most 8 bits.
std::optional<LinearSum> prove_linear_sum(const BinaryLaw& law, const Encoding& a, const Encoding& b,
                                          const Encoding& output, Products products = Products::kWhole);

}  // namespace mote
