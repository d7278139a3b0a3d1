#include "ops/conv_transpose2d.h"

#include "ops/accumulation_sample.h"
#include "ops/correlation.h"

namespace mote {

namespace {

std::int64_t terms(const Shape& w) { return w[1] * w[2] * w[3]; }

}  // namespace

std::vector<TensorType> ConvTranspose2D::infer(const InputTypes& inputs) const {
  check_window_fields({kName, stride, dilation, padding});
  check_operands(kName, inputs, 4, 4);
  const Shape& x = inputs[0]->shape;
  const Shape& w = inputs[1]->shape;
  if (output_padding.size() != 2 || output_padding[0] < 0 || output_padding[1] < 0)
    refuse_shape(kName, "output padding needs 2 numbers, none negative");
  if (groups < 1 || w[0] % groups != 0 || x[3] != w[3] * groups)
    refuse_shape(kName, "an input of " + to_string(x) + " does not suit weights of " + to_string(w) + " in " +
                            std::to_string(groups) + " groups");
  check_bias_shape(kName, inputs, w[0]);
  Shape y{x[0], 0, 0, w[0]};
  for (std::size_t i = 0; i < 2; ++i) {
    y[i + 1] = (x[i + 1] - 1) * stride[i] + dilation[i] * (w[i + 1] - 1) + 1 + output_padding[i] -
               padding[i] - padding[i + 2];
    if (y[i + 1] < 1) refuse_shape(kName, "padding leaves no output");
  }
  return {{std::move(y), inputs[0]->encoding, {}}};
}

void ConvTranspose2D::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const TensorType* bias = inputs.size() > 2 ? inputs[2] : nullptr;
  const AccumulationTypes types{*inputs[0], *inputs[1], bias, *outputs[0]};
  const Accumulation form = accumulation_form(kRule, types, terms(inputs[1]->shape));
  output_stage(kRule, types, form, {clamp_min, clamp_max});
}

void ConvTranspose2D::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Shape& x = inputs[0]->shape();
  const Shape& w = inputs[1]->shape();
  const Shape& y = outputs[0]->shape();
  const Correlation c{x[0],
                      x[1],
                      x[2],
                      x[3],
                      w[0],
                      groups,
                      transposed_taps(x[1], w[1], stride[0], dilation[0], padding[0], y[1]),
                      transposed_taps(x[2], w[2], stride[1], dilation[1], padding[1], y[2])};
  correlate(c, kRule, *inputs[0], *inputs[1], inputs.size() > 2 ? inputs[2] : nullptr, {clamp_min, clamp_max},
            *outputs[0]);
}

std::int64_t ConvTranspose2D::macs(const InputTypes& inputs, const OutputTypes&) const {
  return inputs[0]->elements() * inputs[1]->elements() / (inputs[1]->shape[3] * groups);
}

Graph sample_conv_transpose2d(Rng& rng) {
  auto op = std::make_shared<ConvTranspose2D>();
  op->groups = rng.chance(0.75) ? 1 : rng.integer(2, 3);
  op->stride = {rng.integer(1, 3), rng.integer(1, 3)};
  if (rng.chance(0.3)) op->dilation = {rng.integer(1, 2), rng.integer(1, 3)};
  const Shape w{op->groups * rng.integer(1, 6), rng.integer(2, 4), rng.integer(2, 4), rng.integer(1, 9)};
  for (auto& p : op->padding) p = rng.integer(0, 1);
  op->output_padding = {rng.integer(0, op->stride[0] - 1), rng.integer(0, op->stride[1] - 1)};
  const Shape x{rng.chance(0.8) ? 1 : 2, rng.integer(2, 6), rng.integer(2, 6), w[3] * op->groups};
  random_clamp(rng, op->clamp_min, op->clamp_max);
  return accumulation_sample(rng, {op, x, w, w[0], 0, terms(w), true});
}

}  // namespace mote
