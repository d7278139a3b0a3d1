// From a 32-bit sum to a byte in float arithmetic, with a proof.
//
// The law scales a sum in fixed point with two roundings, a dozen vector instructions. The form
//   saturate(round(sum * scale + (sum < 0 ? below : above)))
// with one fused multiply-add takes four. Both are staircases that never descend, so they are equal
// everywhere when they agree on both sides of every step: at most 255 steps, tried one by one with the
// processor's own arithmetic. Two offsets, because the law rounds halves away from zero; often one does.
#pragma once

#include <optional>

#include "ops/accumulation.h"

namespace mote {

struct FloatScaling {
  float scale;
  float above;  // the zero point of the output is folded in
  float below;
};

// Of the sums in [least, largest]; the kernel's sums are `factor` times them. nullopt where none was found.
// Saturation to `range` is the kernel's.
std::optional<FloatScaling> prove_float_scaling(Multiplier multiplier, std::int32_t zero_point,
                                                IntegerRange range, std::int64_t least, std::int64_t largest,
                                                std::int64_t factor = 1);

}  // namespace mote
