#include "tests/support/random_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mote::testing {

std::vector<Tensor> random_inputs(const Graph& graph, Rng& rng) {
  std::vector<Tensor> inputs;
  for (const ValueId v : graph.inputs()) {
    Array array(graph.type(v));
    const Encoding& e = array.encoding();
    const bool extreme = rng.chance(0.2);
    const double scale = rng.chance(0.2) ? 20 : 1;
    for (auto& x : array.real) x = static_cast<float>(rng.normal() * scale);
    for (auto& x : array.integer) {
      if (!e.is_quantized())
        x = rng.integer(std::max<std::int64_t>(e.min(), -100), std::min<std::int64_t>(e.max(), 100));
      else if (e.has_levels())
        x = e.levels()[static_cast<std::size_t>(
            rng.integer(0, static_cast<std::int64_t>(e.levels().size()) - 1))];
      else if (extreme)
        x = rng.chance(0.5) ? e.min() : e.max();
      else
        x = rng.integer(e.min(), e.max());
    }
    inputs.push_back(narrow(array));
  }
  return inputs;
}

double largest_magnitude(const Tensor& tensor) {
  double largest = 0;
  if (tensor.type().encoding.is_integer()) return largest;
  for (const float x : tensor.floats())
    if (std::isfinite(x)) largest = std::max(largest, std::abs(static_cast<double>(x)));
  return largest;
}

std::string difference(const Tensor& expected, const Tensor& actual, double tolerance, double largest) {
  if (expected.type().shape != actual.type().shape)
    return fmt::format("shape {} instead of {}", to_string(actual.type().shape),
                       to_string(expected.type().shape));
  const std::int64_t count = expected.type().elements();
  if (expected.type().encoding.is_integer()) {
    for (std::int64_t i = 0; i < count; ++i)
      if (expected.integer_at(i) != actual.integer_at(i))
        return fmt::format("element {} is {} instead of {}", i, actual.integer_at(i), expected.integer_at(i));
    return {};
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const double want = expected.real_at(i);
    const double got = actual.real_at(i);
    if (want == got || (std::isnan(want) && std::isnan(got))) continue;
    if (!(std::abs(want - got) <= tolerance * largest))
      return fmt::format("element {} is {} instead of {} (largest {})", i, got, want, largest);
  }
  return {};
}

}  // namespace mote::testing
