#include "ops/fixed_point_functions.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace mote {

namespace {

constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();

std::int32_t mul(std::int32_t a, std::int32_t b) { return saturating_rounding_doubling_high_mul(a, b); }

std::int32_t saturate(std::int64_t x) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(x, kMin, kMax));
}

// Sums and differences wrap, as the published ones do on 32-bit hardware.
std::int32_t add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}
std::int32_t subtract(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}

std::int32_t rounding_half_sum(std::int32_t a, std::int32_t b) {
  const std::int64_t sum = static_cast<std::int64_t>(a) + b;
  return static_cast<std::int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}

int leading_zeros(std::int32_t x) { return std::countl_zero(static_cast<std::uint32_t>(x)); }

// exp(x) for x in [-1/4, 0) of Q0.31: a Taylor polynomial around -1/8.
std::int32_t exp_near_zero(std::int32_t x) {
  constexpr std::int32_t kExpOfMinusEighth = 1895147668;
  constexpr std::int32_t kThird = 715827883;
  const std::int32_t t = add(x, 1 << 28);
  const std::int32_t t2 = mul(t, t);
  const std::int32_t t3 = mul(t2, t);
  const std::int32_t t4_over_4 = saturating_shift(mul(t2, t2), -2);
  const std::int32_t tail = saturating_shift(add(mul(add(t4_over_4, t3), kThird), t2), -1);
  return add(kExpOfMinusEighth, mul(kExpOfMinusEighth, add(t, tail)));
}

// 2 / (1 + x) in Q2.29 for x of Q0.31 in [0, 1]: three Newton steps on half the denominator.
std::int32_t double_reciprocal(std::int32_t x) {
  constexpr std::int32_t k48Over17 = 1515870810;
  constexpr std::int32_t kMinus32Over17 = -1010580540;
  const std::int32_t half_denominator = rounding_half_sum(x, kMax);
  std::int32_t r = add(k48Over17, mul(half_denominator, kMinus32Over17));
  for (int i = 0; i < 3; ++i) {
    const std::int32_t error = subtract(1 << 29, mul(half_denominator, r));
    r = add(r, saturating_shift(mul(r, error), 2));
  }
  return r;
}

// (1 - x) / (1 + x)
std::int32_t one_minus_over_one_plus(std::int32_t x) {
  return saturating_shift(subtract(double_reciprocal(x), 1 << 29), 2);
}

}  // namespace

std::int32_t saturating_shift(std::int32_t x, int exponent) {
  if (exponent <= 0) return rounding_divide_by_power_of_two(x, -exponent);
  MOTE_CHECK(exponent < 32);
  return saturate(static_cast<std::int64_t>(x) * (std::int64_t{1} << exponent));
}

std::int32_t fixed_exp(std::int32_t x, int integer_bits) {
  // exp(-2^e) for e = -2, -1, ... as Q0.31
  constexpr std::array<std::int32_t, 7> kFactors = {1672461947, 1302514674, 790015084, 290630308,
                                                    39332535,   720401,     242};
  if (x == 0) return kMax;
  const int fractional_bits = 31 - integer_bits;
  const std::int32_t quarter = 1 << (fractional_bits - 2);
  const std::int32_t fraction = subtract(x & (quarter - 1), quarter);
  std::int32_t result = exp_near_zero(saturating_shift(fraction, integer_bits));
  const std::int32_t remainder = subtract(fraction, x);
  for (int e = -2; e < std::min(integer_bits, 5); ++e)
    if (remainder & (1 << (fractional_bits + e)))
      result = mul(result, kFactors[static_cast<std::size_t>(e + 2)]);
  return result;
}

std::int32_t fixed_reciprocal_of_one_plus(std::int32_t x) {
  return saturating_shift(double_reciprocal(x), 1);
}

std::int32_t fixed_logistic(std::int32_t x) {
  if (x == 0) return 1 << 30;
  const std::int32_t positive = fixed_reciprocal_of_one_plus(fixed_exp(x > 0 ? subtract(0, x) : x, 4));
  return x > 0 ? positive : subtract(kMax, positive);
}

std::int32_t fixed_tanh(std::int32_t x) {
  if (x == 0) return 0;
  // The same raw number with one integer bit more is twice the value.
  const std::int32_t magnitude = one_minus_over_one_plus(fixed_exp(x < 0 ? x : subtract(0, x), 5));
  return x < 0 ? subtract(0, magnitude) : magnitude;
}

std::int32_t fixed_log(std::int32_t x) {
  constexpr int kInputBits = 12;
  constexpr int kAccumulatorBits = 6;
  constexpr std::int32_t kLog2 = 1488522236;
  constexpr std::int32_t kFourthRootOfHalf = 1805811301;
  constexpr std::int32_t kRootOfHalf = 1518500250;
  constexpr std::int32_t kAlphaN = 117049297;
  constexpr std::int32_t kAlphaD = 127690142;
  constexpr std::int32_t kAlphaI = 1057819769;
  constexpr std::int32_t kAlphaF = 638450708;
  const std::int32_t quarter = saturating_shift(1 << 29, -kAccumulatorBits);
  // x = r * 2^k with r near 1: two candidates, half an octave apart.
  const int zeros_a = leading_zeros(x);
  const std::int32_t r_a = saturating_shift(mul(saturating_shift(x, zeros_a - 1), kRootOfHalf), 1);
  const std::int32_t power_a =
      saturate(std::int64_t{saturating_shift(kInputBits - zeros_a, 31 - kAccumulatorBits)} + quarter);
  const int headroom_b = leading_zeros(mul(x, kRootOfHalf)) - 1;
  const std::int32_t r_b = saturating_shift(x, headroom_b);
  const std::int32_t power_b =
      saturate(std::int64_t{saturating_shift(kInputBits - headroom_b, 31 - kAccumulatorBits)} - quarter);
  const std::int32_t r = std::min(r_a, r_b);
  const std::int32_t power = std::max(power_a, power_b);
  // log(r) by a rational approximation around the fourth root of one half.
  const std::int32_t p = rounding_half_sum(r, kFourthRootOfHalf);
  const std::int32_t half_q = subtract(r, kFourthRootOfHalf);
  const std::int32_t q = add(half_q, half_q);
  const std::int32_t q2 = mul(q, q);
  const std::int32_t numerator = add(mul(q, r), mul(mul(q, q2), kAlphaN));
  const std::int32_t denominator_minus_one =
      add(mul(p, add(add(kAlphaI, q), mul(kAlphaD, q2))), mul(kAlphaF, q));
  const std::int32_t reciprocal = fixed_reciprocal_of_one_plus(denominator_minus_one);
  const std::int32_t fraction = mul(saturating_shift(numerator, -kAccumulatorBits), reciprocal);
  return saturating_shift(add(mul(power, kLog2), fraction), 1);
}

std::int32_t input_radius(int integer_bits, int shift) {
  const double bound = std::ldexp(static_cast<double>((1 << integer_bits) - 1), 31 - integer_bits - shift);
  return static_cast<std::int32_t>(std::min(std::floor(bound), static_cast<double>(kMax)));
}

Table16 tabulate_16(double input_scale, std::int32_t input_zero, double output_scale,
                    const std::function<double(double)>& function) {
  const double low = input_scale * (-32768 - input_zero);
  const double high = input_scale * (32767 - input_zero);
  const double step = (high - low) / 512;
  const double to_output = 65536 / (output_scale * 65535);
  const auto at = [&](double x) {
    const double y = function(x) * to_output;
    return std::isnan(y) ? 0.0 : std::clamp(y, -1e9, 1e9);
  };
  const auto held = [](double y) { return static_cast<std::int16_t>(std::clamp(y, -32768.0, 32767.0)); };
  Table16 table{};
  for (int i = 0; i < 512; ++i) {
    const double sample = std::round(at(low + i * step));
    const double interpolated = std::round((at(low + (i + 1) * step) + sample) / 2);
    const double middle = std::round(at(low + i * step + step / 2));
    table[static_cast<std::size_t>(i)] = held(sample - std::round((interpolated - middle) / 2));
  }
  table[512] = held(std::round(at(high)));
  return table;
}

std::int32_t look_up_16(const Table16& table, std::int32_t q) {
  const auto index = static_cast<std::size_t>(256 + (q >> 7));
  const std::int32_t base = table.at(index);
  const std::int32_t slope = table.at(index + 1) - base;
  return base + ((slope * (q & 0x7f) + 64) >> 7);
}

}  // namespace mote
