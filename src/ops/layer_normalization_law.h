// The integer law of LayerNormalization: docs/numerics.md, equations 41 to 44.
#pragma once

#include <cstdint>
#include <span>

#include "ops/fixed_point.h"

namespace mote {

struct LayerNormalizationLaw {
  static constexpr int kFractionBits = 12;  // of the normalized values

  std::int64_t epsilon = 0;  // count^2 * epsilon / scale^2
  std::int32_t gamma_zero = 0;
  std::int32_t out_zero = 0;
  Multiplier out;
  IntegerRange range{};

  // One group of `in.size()` elements; `gamma` and `beta` empty, of one element or of in.size().
  void operator()(std::span<const std::int64_t> in, std::span<const std::int64_t> gamma,
                  std::span<const std::int64_t> beta, std::span<std::int64_t> out_row) const;
};

// `gamma` is nullptr where it is absent (1 everywhere).
LayerNormalizationLaw layer_normalization_law(float epsilon, std::int64_t count, const Encoding& input,
                                              const Encoding* gamma, const Encoding& output);

// floor(sqrt(x)), x >= 0.
std::int64_t integer_square_root(std::int64_t x);

}  // namespace mote
