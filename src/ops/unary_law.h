// The integer law of the unary operators: docs/numerics.md, equations 24 to 33. A quantized function takes
// one of three forms: piecewise linear (fixed-point slopes), a table of its values (at most 8 bits), or 513
// samples with interpolation (16 bits).
#pragma once

#include <variant>
#include <vector>

#include "ops/fixed_point_functions.h"
#include "ops/unary.h"

namespace mote {

// d = q - in_zero; out_zero + d * (d >= 0 ? positive : negative), clamped. Slopes may be negative.
struct PiecewiseLaw {
  std::int32_t in_zero = 0;
  std::int32_t out_zero = 0;
  Multiplier negative;
  Multiplier positive;
  IntegerRange range{};

  std::int32_t operator()(std::int32_t q) const;
};

// Output integers by input integer, from the least on.
struct TableLaw {
  std::int64_t least = 0;
  std::vector<std::int32_t> outputs;

  std::int32_t operator()(std::int32_t q) const { return outputs.at(static_cast<std::size_t>(q - least)); }
};

struct InterpolationLaw {
  Table16 table{};

  std::int32_t operator()(std::int32_t q) const { return look_up_16(table, q); }
};

using UnaryLaw = std::variant<PiecewiseLaw, TableLaw, InterpolationLaw>;

// Input and output quantized per tensor, both of at most 8 bits or both s16 with zero point 0.
UnaryLaw unary_law(const Unary& op, const Encoding& input, const Encoding& output);
// Any function of one real number, as a table or as samples (equations 24, 30 and 31).
UnaryLaw tabulated_law(const std::function<double(double)>& function, const Encoding& input,
                       const Encoding& output);

}  // namespace mote
