#include "ops/quantize.h"

#include <algorithm>
#include <cmath>

#include "ops/elementwise.h"
#include "ops/movement.h"

namespace mote {

std::vector<TensorType> Quantize::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 1, 1);
  return {{inputs[0]->shape, Encoding::affine(8, true, 1, 0), {}}};
}

void Quantize::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(inputs[0]->encoding.is_real(), kName, "its input is not real");
  const Encoding& y = outputs[0]->encoding;
  movement::require(y.is_quantized(), kName, "its output has no scale");
  movement::require(!y.has_levels() || y.is_bipolar(), kName, "its output has levels other than -1 and +1");
}

void Quantize::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  Array& y = *outputs[0];
  const Encoding& e = y.encoding();
  const auto low = static_cast<double>(e.min());
  const auto high = static_cast<double>(e.max());
  for (std::size_t i = 0; i < x.real.size(); ++i) {
    const std::size_t c = e.is_per_axis()
                              ? static_cast<std::size_t>(axis_index(y.shape(), e.quantization().axis,
                                                                    static_cast<std::int64_t>(i)))
                              : 0;
    if (e.is_bipolar()) {
      y.integer[i] = x.real[i] >= 0 ? 1 : -1;
      continue;
    }
    const float steps = static_cast<float>(x.real[i]) / e.scale(c);
    const double q = std::isnan(steps) ? 0.0 : static_cast<double>(std::round(steps));
    y.integer[i] = static_cast<std::int64_t>(std::clamp(q + e.zero_point(c), low, high));
  }
}

Graph sample_quantize(Rng& rng) {
  const Shape shape = elementwise::sample_shape(rng);
  Encoding e = elementwise::sample_quantized(
      rng, rng.chance(0.8) ? elementwise::Form::Int8 : elementwise::Form::Int16);
  if (rng.chance(0.2)) e = Encoding::bipolar(e.scale());
  if (rng.chance(0.3)) {
    const auto axis = static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(shape.size()) - 1));
    Quantization q{static_cast<int>(axis), {}, {}};
    for (std::int64_t c = 0; c < shape[axis]; ++c) {
      q.scales.push_back(static_cast<float>(rng.uniform(0.01, 0.1)));
      q.zero_points.push_back(e.zero_point());
    }
    e = e.with_quantization(q);
  }
  return elementwise::sample_graph(rng, std::make_shared<Quantize>(), {{{shape, Encoding::real(), {}}}},
                                   {shape, e, {}});
}

}  // namespace mote
