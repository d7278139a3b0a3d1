#include "ops/encode.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace mote {

namespace {

// Ties, and what is not a number, go up: a sign of 0 is +1.
std::int64_t nearest_level(double q, const Encoding& e) {
  const auto levels = e.levels();
  std::int64_t best = levels.back();
  for (std::size_t i = levels.size(); i-- > 0;)
    if (std::abs(levels[i] - q) < std::abs(static_cast<double>(best) - q)) best = levels[i];
  return best;
}

}  // namespace

Tensor encode_reals(std::span<const float> values, const TensorType& type) {
  MOTE_CHECK(static_cast<std::int64_t>(values.size()) == type.elements());
  const Encoding& e = type.encoding;
  if (e.is_real()) return Tensor::reals(type.shape, {values.begin(), values.end()});
  MOTE_CHECK(!e.is_per_axis());
  const float scale = e.is_quantized() ? e.scale() : 1.0F;
  const double zero_point = e.is_quantized() ? e.zero_point() : 0;
  Array array(type);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (e.has_levels()) {
      array.integer[i] = nearest_level(values[i] / scale + zero_point, e);
      continue;
    }
    const double q = zero_point + static_cast<double>(std::round(values[i] / scale));
    array.integer[i] = std::isnan(q) ? e.min()
                                     : static_cast<std::int64_t>(std::clamp(q, static_cast<double>(e.min()),
                                                                            static_cast<double>(e.max())));
  }
  return narrow(array);
}

std::vector<float> decode_reals(const Tensor& tensor) {
  const std::vector<double> values = dequantized(widen(tensor));
  return {values.begin(), values.end()};
}

}  // namespace mote
