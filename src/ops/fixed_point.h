// The fixed-point arithmetic of the 8-bit law (docs/numerics.md, equations 5 to 12): the double-rounding
// scheme of gemmlowp and the TFLite reference kernels. Jacob et al., "Quantization and Training of Neural
// Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 2.2.
#pragma once

#include <cstdint>

#include "ir/type.h"

namespace mote {

// real multiplier = value * 2^(shift - 31), value in [2^30, 2^31) or 0.
struct Multiplier {
  std::int32_t value = 0;
  int shift = 0;
};

// Nearest representation of a real multiplier; below 2^-32 it becomes 0. Must be finite and not negative.
Multiplier quantize_multiplier(double real);

// The output stage that gives a bipolar output its sign (docs/numerics.md, section 10): with zero point 1 and
// the bounds -1 and 1 this multiplier, just below 2, gives +1 for sums >= 0 and -1 for negative ones of less
// than 2^30 in magnitude, so that every kernel computes signs without knowing of them.
inline constexpr Multiplier kSignMultiplier{0x7fffffff, 1};
inline constexpr std::int32_t kSignZeroPoint = 1;

// floor((a * b + 2^30) / 2^31): rounds halves upwards, as the published scheme does in effect; saturated.
std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b);
// round(x / 2^exponent), halves away from zero.
std::int32_t rounding_divide_by_power_of_two(std::int32_t x, int exponent);
// x * multiplier with both roundings; left shifts wrap like 32-bit hardware.
std::int32_t multiply_by_multiplier(std::int32_t x, Multiplier m);
// The same for 64-bit accumulators (16-bit activations): one rounding, 16-bit multiplier.
std::int32_t multiply_by_multiplier_64(std::int64_t x, Multiplier m);

// Real bounds of a fused activation. Relu is {0, inf}, Relu6 is {0, 6}; none is {-inf, inf}.
struct Clamp {
  float min;
  float max;
};

struct IntegerRange {
  std::int32_t min;
  std::int32_t max;
};

// The bounds as quantized values: zero_point + round(bound / scale), halves away from zero, within the
// encoding's range.
IntegerRange clamp_range(Clamp clamp, const Encoding& output);

}  // namespace mote
