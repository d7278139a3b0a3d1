// The integer law of Softmax and LogSoftmax: docs/numerics.md, equations 34 to 40.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ops/fixed_point_functions.h"

namespace mote {

// At most 8 bits: sums of fixed-point exponentials.
struct SoftmaxLaw8 {
  Multiplier scaling;         // input differences to Q5.26
  std::int32_t diff_min = 0;  // smaller differences count as minus infinity
  int out_bits = 8;
  std::int32_t out_min = 0;
  std::int32_t out_max = 0;
  bool is_log = false;
  Multiplier reverse;  // LogSoftmax: Q5.26 to input differences

  // One row, `stride` elements apart from element to element.
  void operator()(std::span<const std::int64_t> in, std::span<std::int64_t> out, std::size_t count,
                  std::size_t stride) const;
};

// 16 bits: two tables, exp on [-10, 0] and 1/(1 + x) on [0, 1].
struct SoftmaxLaw16 {
  Multiplier scaling;  // input differences to 65535 steps for [-10, 0]

  static const Table16& exp_table();
  static const Table16& reciprocal_table();
  void operator()(std::span<const std::int64_t> in, std::span<std::int64_t> out, std::size_t count,
                  std::size_t stride) const;
};

SoftmaxLaw8 softmax_law_8(std::string_view function, float beta, const Encoding& input,
                          const Encoding& output);
SoftmaxLaw16 softmax_law_16(float beta, const Encoding& input);

// Rows must be shorter, so that the sums fit.
inline constexpr std::int64_t kMaxSoftmaxRow = 4096;

}  // namespace mote
