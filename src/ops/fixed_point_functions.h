// Functions in fixed point: docs/numerics.md, equations 26 to 40. A raw int32 with i integer bits stands for
// raw * 2^(i - 31) (Q i.31-i). The approximations and their constants are those of gemmlowp's fixed-point
// library, which the 8-bit law names.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "ops/fixed_point.h"

namespace mote {

// x * 2^exponent: saturating to the left, rounding halves away from zero to the right.
std::int32_t saturating_shift(std::int32_t x, int exponent);

// exp(x) for x <= 0 in Q integer_bits, as Q0.31.
std::int32_t fixed_exp(std::int32_t x, int integer_bits);
// 1 / (1 + exp(-x)) and tanh(x) of Q4.27, as Q0.31.
std::int32_t fixed_logistic(std::int32_t x);
std::int32_t fixed_tanh(std::int32_t x);
// 1 / (1 + x) for x of Q0.31 in [0, 1], as Q0.31.
std::int32_t fixed_reciprocal_of_one_plus(std::int32_t x);
// log(x) for x >= 1 in Q12.19, as Q5.26.
std::int32_t fixed_log(std::int32_t x);

// The largest integer whose product with a multiplier of this shift still fits `integer_bits` (equation 27).
std::int32_t input_radius(int integer_bits, int shift);

// A function of s16 as 513 samples; between them it is interpolated (equations 30 and 31). The input integer
// q means input_scale * (q - input_zero), the output 0 means 0.
using Table16 = std::array<std::int16_t, 513>;
Table16 tabulate_16(double input_scale, std::int32_t input_zero, double output_scale,
                    const std::function<double(double)>& function);
std::int32_t look_up_16(const Table16& table, std::int32_t q);

}  // namespace mote
