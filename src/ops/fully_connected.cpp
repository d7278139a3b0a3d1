#include "ops/fully_connected.h"

#include "ops/accumulation_sample.h"
#include "ops/correlation.h"

namespace mote {

std::vector<TensorType> FullyConnected::infer(const InputTypes& inputs) const {
  check_operands(kName, inputs, inputs.empty() || !inputs[0] ? 0 : inputs[0]->shape.size(), 2);
  const Shape& x = inputs[0]->shape;
  const Shape& w = inputs[1]->shape;
  if (x.empty() || x.back() != w[1])
    refuse_shape(kName, "an input of " + to_string(x) + " does not suit weights of " + to_string(w));
  check_bias_shape(kName, inputs, w[0]);
  Shape y = x;
  y.back() = w[0];
  return {{std::move(y), inputs[0]->encoding, {}}};
}

void FullyConnected::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const TensorType* bias = inputs.size() > 2 ? inputs[2] : nullptr;
  const AccumulationTypes types{*inputs[0], *inputs[1], bias, *outputs[0]};
  const Accumulation form = accumulation_form(kRule, types, inputs[1]->shape[1]);
  output_stage(kRule, types, form, {clamp_min, clamp_max});
}

void FullyConnected::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const std::int64_t depth = inputs[1]->shape()[1];
  const std::int64_t rows = inputs[0]->size() / depth;
  // a 1x1 convolution of a column of `rows` pixels
  Correlation c;
  c.in_h = rows;
  c.in_channels = depth;
  c.out_channels = inputs[1]->shape()[0];
  c.rows = forward_taps(rows, 1, 1, 1, 0, rows);
  correlate(c, kRule, *inputs[0], *inputs[1], inputs.size() > 2 ? inputs[2] : nullptr, {clamp_min, clamp_max},
            *outputs[0]);
}

std::int64_t FullyConnected::macs(const InputTypes& inputs, const OutputTypes& outputs) const {
  return outputs[0]->elements() * inputs[1]->shape[1];
}

Graph sample_fully_connected(Rng& rng) {
  auto op = std::make_shared<FullyConnected>();
  const bool bipolar = rng.chance(0.1);
  const Shape w{rng.integer(1, 20),
                bipolar ? 288 * rng.integer(1, 3) - 8 * rng.integer(0, 15) : rng.integer(1, 150)};
  Shape x{w[1]};
  for (std::int64_t axes = rng.integer(0, 2); axes > 0; --axes) x.insert(x.begin(), rng.integer(1, 4));
  random_clamp(rng, op->clamp_min, op->clamp_max);
  return accumulation_sample(rng, {op, x, w, w[0], 0, w[1], true, bipolar});
}

}  // namespace mote
