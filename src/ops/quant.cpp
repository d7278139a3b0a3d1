#include "ops/quant.h"

#include <algorithm>
#include <cmath>

#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/qonnx_rounding.h"

namespace mote {

namespace {

// The index of a parameter's element for each element of x.
std::vector<std::size_t> indices(const Array& parameter, const Array& x) {
  std::vector<std::size_t> result(static_cast<std::size_t>(x.size()));
  elementwise::for_each(elementwise::broadcast(x.shape(), parameter.shape(), x.shape()),
                        [&](std::size_t i, std::size_t, std::size_t ip) { result[i] = ip; });
  return result;
}

}  // namespace

double Quant::min_level() const {
  if (!is_signed) return 0;
  return -std::exp2(static_cast<double>(bits) - 1) + (narrow ? 1 : 0);
}

double Quant::max_level() const {
  if (is_signed) return std::exp2(static_cast<double>(bits) - 1) - 1;
  return std::exp2(static_cast<double>(bits)) - (narrow ? 2 : 1);
}

std::vector<TensorType> Quant::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 3, 3);
  movement::require(find_qonnx_rounding(rounding) != nullptr, kName,
                    "there is no rounding mode '" + rounding + "'");
  movement::require(bits >= 1 && bits <= 32, kName, "it has " + std::to_string(bits) + " bits");
  const Shape& shape = inputs[0]->shape;
  for (std::size_t i = 1; i < 3; ++i)
    movement::require(elementwise::broadcast_shape(kName, shape, inputs[i]->shape) == shape, kName,
                      "its scale or zero point does not broadcast to " + to_string(shape));
  return {{shape, inputs[0]->encoding, {}}};
}

void Quant::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(elementwise::form_of(kName, inputs, outputs) == elementwise::Form::Real, kName,
                    "it takes and gives real numbers");
}

// In float32, as the dialect's own execution does, so that every backend falls on the same side of a
// rounding.
void Quant::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  const QonnxRounding& round = *find_qonnx_rounding(rounding);
  const auto low = static_cast<float>(min_level());
  const auto high = static_cast<float>(max_level());
  const std::vector<std::size_t> scale_index = indices(*inputs[1], x);
  const std::vector<std::size_t> zero_index = indices(*inputs[2], x);
  for (std::size_t i = 0; i < x.real.size(); ++i) {
    const auto scale = static_cast<float>(inputs[1]->real[scale_index[i]]);
    const auto zero = static_cast<float>(inputs[2]->real[zero_index[i]]);
    const float level = static_cast<float>(x.real[i]) / scale + zero;
    const float clamped = level < low ? low : level > high ? high : level;
    outputs[0]->real[i] = (round.apply(clamped) - zero) * scale;
  }
}

Graph sample_quant(Rng& rng) {
  auto op = std::make_shared<Quant>();
  op->bits = static_cast<float>(rng.integer(1, 8));
  op->is_signed = op->bits > 1 && rng.chance(0.7);
  op->narrow = op->bits > 1 && rng.chance(0.5);
  op->rounding = std::string(qonnx_roundings()[static_cast<std::size_t>(rng.integer(0, 8))].name);
  const TensorType x{elementwise::sample_shape(rng), Encoding::real(), {}};
  TensorType scale = x;
  for (auto& extent : scale.shape)
    if (rng.chance(0.7)) extent = 1;
  const TensorType zero{{}, Encoding::real(), {}};
  const double level = op->is_signed ? 0 : static_cast<double>(rng.integer(0, 1));
  return elementwise::sample_graph(rng, op, {{x}, {scale, true, 0.01, 0.5}, {zero, true, level, level}}, x);
}

}  // namespace mote
