#include "ops/trunc.h"

#include <cmath>
#include <limits>

#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/qonnx_rounding.h"
#include "ops/quant.h"

namespace mote {

namespace {

Quant result(const Trunc& op) {
  Quant quant;
  quant.bits = static_cast<float>(op.bits);
  quant.is_signed = op.is_signed;
  quant.narrow = op.narrow;
  return quant;
}

}  // namespace

float Trunc::step() const { return std::ldexp(1.0F, static_cast<int>(shift)); }
float Trunc::gain() const { return version == 1 ? 1.0F : step(); }
float Trunc::zero_step() const { return version == 1 ? 1.0F : 1.0F / step(); }

double Trunc::min_level() const {
  return version == 1 ? -std::numeric_limits<double>::infinity() : result(*this).min_level();
}

double Trunc::max_level() const {
  return version == 1 ? std::numeric_limits<double>::infinity() : result(*this).max_level();
}

std::vector<TensorType> Trunc::infer(const InputTypes& inputs) const {
  movement::expect_inputs(kName, inputs, 3, 3);
  movement::require(find_qonnx_rounding(rounding) != nullptr, kName,
                    "there is no rounding mode '" + rounding + "'");
  movement::require(version == 1 || version == 2, kName, "its version is " + std::to_string(version));
  movement::require(shift >= -32 && shift <= 32 && bits >= 1 && bits <= 32, kName,
                    "it shifts by " + std::to_string(shift) + " to " + std::to_string(bits) + " bits");
  const Shape& shape = inputs[0]->shape;
  for (std::size_t i = 1; i < 3; ++i)
    movement::require(elementwise::broadcast_shape(kName, shape, inputs[i]->shape) == shape, kName,
                      "its scale or zero point does not broadcast to " + to_string(shape));
  return {{shape, inputs[0]->encoding, {}}};
}

void Trunc::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::require(elementwise::form_of(kName, inputs, outputs) == elementwise::Form::Real, kName,
                    "it takes and gives real numbers");
}

// In float32, as Quant.
void Trunc::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  const QonnxRounding& round = *find_qonnx_rounding(rounding);
  const auto low = static_cast<float>(min_level());
  const auto high = static_cast<float>(max_level());
  elementwise::for_each(
      elementwise::broadcast(inputs[1]->shape(), inputs[2]->shape(), x.shape()),
      [&](std::size_t i, std::size_t is, std::size_t iz) {
        const auto scale = static_cast<float>(inputs[1]->real[is]);
        const auto zero = static_cast<float>(inputs[2]->real[iz]);
        const float level = std::nearbyint(static_cast<float>(x.real[i]) / scale + zero) / step();
        const float clamped = level < low ? low : level > high ? high : level;
        outputs[0]->real[i] = (round.apply(clamped) - zero * zero_step()) * (scale * gain());
      });
}

Graph sample_trunc(Rng& rng) {
  auto op = std::make_shared<Trunc>();
  op->version = rng.integer(1, 2);
  op->shift = rng.integer(op->version == 1 ? 0 : -2, 4);
  op->bits = rng.integer(2, 8);
  op->is_signed = rng.chance(0.5);
  op->narrow = rng.chance(0.3);
  const auto roundings = qonnx_roundings();
  const auto last = static_cast<std::int64_t>(roundings.size()) - 1;
  op->rounding = std::string(roundings[static_cast<std::size_t>(rng.integer(0, last))].name);
  const TensorType x{elementwise::sample_shape(rng), Encoding::real(), {}};
  TensorType scale = x;
  for (auto& extent : scale.shape)
    if (rng.chance(0.7)) extent = 1;
  const TensorType zero{{}, Encoding::real(), {}};
  const auto level = static_cast<double>(rng.integer(-1, 1)) * 4;
  return elementwise::sample_graph(rng, op, {{x}, {scale, true, 0.01, 0.5}, {zero, true, level, level}}, x);
}

}  // namespace mote
