#include "ops/random_tensor.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace mote {

namespace {

int random_bits(Rng& rng) { return rng.chance(0.6) ? 8 : static_cast<int>(rng.integer(1, 8)); }

float random_scale(Rng& rng) { return static_cast<float>(std::exp(rng.uniform(-6.0, -2.0))); }

}  // namespace

Encoding random_narrow_activation(Rng& rng) {
  if (rng.chance(0.08)) return Encoding::bipolar(random_scale(rng));
  const Encoding plain = Encoding::integer(random_bits(rng), rng.chance(0.7));
  const auto zero = static_cast<std::int32_t>(rng.integer(plain.min(), plain.max()));
  return Encoding::affine(plain.bits(), plain.is_signed(), random_scale(rng), zero);
}

namespace {

// The levels of binary and ternary weights, of powers of two and of a codebook, with the bits that hold them.
Encoding random_levels(Rng& rng, Encoding e) {
  constexpr std::int64_t kPowers[] = {-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64};
  const double kind = rng.uniform();
  const Quantization q = e.quantization();
  if (kind < 0.25) return Encoding::bipolar(1).with_quantization(q);
  if (kind < 0.3) return Encoding::integer(8, true).with_levels({-8, 8}).with_quantization(q);
  if (kind < 0.5) return Encoding::integer(2, true).with_levels({-1, 0, 1}).with_quantization(q);
  e = Encoding::integer(8, true).with_quantization(q);
  if (kind < 0.7) return e.with_levels({std::begin(kPowers), std::end(kPowers)});
  std::set<std::int64_t> codebook{-128 + rng.integer(0, 100), 127 - rng.integer(0, 100)};
  for (std::int64_t more = rng.integer(0, 14); more > 0; --more) codebook.insert(rng.integer(-127, 127));
  return e.with_levels({codebook.begin(), codebook.end()});
}

}  // namespace

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
  const Encoding e = axis < 0 ? Encoding::affine(bits, is_signed, scales[0], zeros[0])
                              : Encoding::per_axis(bits, is_signed, axis, std::move(scales), zeros);
  const bool centered = std::all_of(zeros.begin(), zeros.end(), [](std::int32_t z) { return z == 0; });
  return centered && rng.chance(0.25) ? random_levels(rng, e) : e;
}

Tensor random_tensor(Rng& rng, const TensorType& type, double real_low, double real_high) {
  const auto count = static_cast<std::size_t>(type.elements());
  if (type.encoding.is_real()) {
    std::vector<float> values(count);
    for (float& v : values) v = static_cast<float>(rng.uniform(real_low, real_high));
    return Tensor::reals(type.shape, values);
  }
  std::vector<std::int64_t> values(count);
  if (const auto levels = type.encoding.levels(); !levels.empty()) {
    for (std::int64_t& v : values)
      v = levels[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(levels.size()) - 1))];
    return Tensor::integers(type, values);
  }
  const std::int64_t bound = std::int64_t{1} << 16;
  const std::int64_t low = std::max(type.encoding.min(), -bound);
  const std::int64_t high = std::min(type.encoding.max(), bound);
  for (std::int64_t& v : values) v = rng.integer(low, high);
  return Tensor::integers(type, values);
}

Tensor random_weights(Rng& rng, const TensorType& type) {
  if (type.encoding.has_levels() || !type.encoding.is_signed() || rng.chance(0.6))
    return random_tensor(rng, type);
  std::vector<std::int64_t> values(static_cast<std::size_t>(type.elements()));
  const std::int64_t largest = type.encoding.max();
  for (std::int64_t& v : values)
    v = rng.integer(-largest, largest) * rng.integer(0, largest) / std::max<std::int64_t>(largest, 1);
  return Tensor::integers(type, values);
}

float random_output_scale(Rng& rng, const Encoding& x, const Encoding& w, std::int64_t terms, int bits) {
  const double spread = std::sqrt(static_cast<double>(std::max<std::int64_t>(terms, 1)) / 9.0) *
                        std::pow(2.0, x.bits()) * std::pow(2.0, w.bits()) / 4.0;
  const double product = static_cast<double>(x.scale()) * static_cast<double>(w.scale(0));
  return static_cast<float>(product * spread / std::pow(2.0, bits - 1) * std::exp(rng.uniform(-0.5, 2.0)));
}

}  // namespace mote
