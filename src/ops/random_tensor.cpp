#include "ops/random_tensor.h"

#include <algorithm>
#include <cmath>

namespace mote {

namespace {

int random_bits(Rng& rng) { return rng.chance(0.7) ? 8 : static_cast<int>(rng.integer(2, 8)); }

float random_scale(Rng& rng) { return static_cast<float>(std::exp(rng.uniform(-6.0, -2.0))); }

}  // namespace

Encoding random_narrow_activation(Rng& rng) {
  const Encoding plain = Encoding::integer(random_bits(rng), rng.chance(0.7));
  const auto zero = static_cast<std::int32_t>(rng.integer(plain.min(), plain.max()));
  return Encoding::affine(plain.bits(), plain.is_signed(), random_scale(rng), zero);
}

Encoding random_weight_encoding(Rng& rng, int axis, std::int64_t channels) {
  const int bits = random_bits(rng);
  const bool is_signed = rng.chance(0.85);
  const Encoding plain = Encoding::integer(bits, is_signed);
  const auto count = static_cast<std::size_t>(axis < 0 ? 1 : channels);
  std::vector<float> scales(count);
  std::vector<std::int32_t> zeros(count, 0);
  for (float& s : scales) s = random_scale(rng);
  if (!is_signed || rng.chance(0.1))
    for (auto& z : zeros) z = static_cast<std::int32_t>(rng.integer(plain.min(), plain.max()));
  return axis < 0 ? Encoding::affine(bits, is_signed, scales[0], zeros[0])
                  : Encoding::per_axis(bits, is_signed, axis, std::move(scales), std::move(zeros));
}

Tensor random_tensor(Rng& rng, const TensorType& type, double real_low, double real_high) {
  const auto count = static_cast<std::size_t>(type.elements());
  if (type.encoding.is_real()) {
    std::vector<float> values(count);
    for (float& v : values) v = static_cast<float>(rng.uniform(real_low, real_high));
    return Tensor::reals(type.shape, values);
  }
  std::vector<std::int64_t> values(count);
  const std::int64_t bound = std::int64_t{1} << 16;
  const std::int64_t low = std::max(type.encoding.min(), -bound);
  const std::int64_t high = std::min(type.encoding.max(), bound);
  for (std::int64_t& v : values) v = rng.integer(low, high);
  return Tensor::integers(type, values);
}

float random_output_scale(Rng& rng, const Encoding& x, const Encoding& w, std::int64_t terms, int bits) {
  const double spread = std::sqrt(static_cast<double>(std::max<std::int64_t>(terms, 1)) / 9.0) *
                        std::pow(2.0, x.bits()) * std::pow(2.0, w.bits()) / 4.0;
  const double product = static_cast<double>(x.scale()) * static_cast<double>(w.scale(0));
  return static_cast<float>(product * spread / std::pow(2.0, bits - 1) * std::exp(rng.uniform(-0.5, 2.0)));
}

}  // namespace mote
