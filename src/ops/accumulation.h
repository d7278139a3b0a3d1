// What the multiply-accumulate operators share: which encodings are legal, and how an accumulator becomes an
// output.
//
//   Real  x, w, bias, y real.
//   Int8  x and w of 1 to 8 bits, y of 1 to 8 bits and per tensor, bias s32: sums of (x - zx)(w - zw) + bias
//   in 32 bits,
//         scaled by the double-rounding multiplier of sx*sw/sy (docs/numerics.md), plus zy, clamped.
//         A bipolar y is the sign of the sum: +1 where it is 0 or more, else -1.
//   Sum   x and w as before (a plain integer counts as scale 1, zero point 0), y s32 plain, or quantized with
//   zero point 0 and
//         the scale of the product: the sum itself.
//   Int16 x and y s16 with zero point 0, w of 1 to 8 bits with zero point 0 (for MatMul s16), bias s32:
//   64-bit sums, scaled
//         with one rounding by a 16-bit multiplier.
#pragma once

#include <string_view>
#include <vector>

#include "ir/operator.h"
#include "ops/fixed_point.h"

namespace mote {

enum class Accumulation { Real, Int8, Sum, Int16 };

// The types that decide; bias may be nullptr.
struct AccumulationTypes {
  const TensorType& x;
  const TensorType& w;
  const TensorType* bias;
  const TensorType& y;
};

// What differs between the operators. The published kernels multiply sx*sw in double, but in float32 where
// fully-connected and matrix products have one scale for all weights: it changes the last bits of the
// multiplier.
struct AccumulationRule {
  std::string_view op;
  int weight_axis;            // the only legal axis of per-axis weights; -1: per tensor only
  bool float_scale_product;   // where the weights are per tensor
  bool wide_weights = false;  // s16 weights in form Int16
};

// The form, or a UserError that says which encoding does not fit. `terms`: products per sum; for Int8 and Sum
// they must be so few that 32 bits hold every sum of products.
Accumulation accumulation_form(const AccumulationRule& rule, const AccumulationTypes& types,
                               std::int64_t terms);

// From accumulator to output, for the integer forms.
struct OutputStage {
  Accumulation form = Accumulation::Sum;
  std::vector<Multiplier> multipliers;  // one per output channel, or a single one; empty for Sum
  std::int32_t zero_point = 0;
  IntegerRange range{};

  std::int64_t operator()(std::int64_t sum, std::size_t channel) const;
};

OutputStage output_stage(const AccumulationRule& rule, const AccumulationTypes& types, Accumulation form,
                         Clamp clamp);

// q - zero_point of every element, per tensor or per axis; plain integers as they are. |results| fit 32 bits
// by the forms above.
std::vector<std::int32_t> centered(const Array& array);

// Throws a UserError that names the operator and the reason.
[[noreturn]] void refuse(std::string_view op, const std::string& why, const std::string& remedy);

}  // namespace mote
