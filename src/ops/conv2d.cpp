#include "ops/conv2d.h"

#include "ops/accumulation_sample.h"
#include "ops/correlation.h"

namespace mote {

namespace {

std::int64_t terms(const Shape& w) { return w[1] * w[2] * w[3]; }

// Windows of one element, as in most layers of small networks: often deep, now and then a single pixel.
Graph sample_point_conv2d(Rng& rng) {
  auto op = std::make_shared<Conv2D>();
  if (rng.chance(0.2)) op->stride = {rng.integer(1, 2), rng.integer(1, 2)};
  const Shape w{rng.integer(1, 40), 1, 1, rng.chance(0.5) ? rng.integer(1, 20) : rng.integer(20, 150)};
  const std::int64_t size = rng.chance(0.3) ? 1 : 8;
  const Shape x{rng.chance(0.8) ? 1 : 2, rng.integer(1, size), rng.integer(1, size), w[3]};
  random_clamp(rng, op->clamp_min, op->clamp_max);
  return accumulation_sample(rng, {op, x, w, w[0], 0, terms(w), true});
}

}  // namespace

std::vector<TensorType> Conv2D::infer(const InputTypes& inputs) const {
  check_window_fields({kName, stride, dilation, padding});
  check_operands(kName, inputs, 4, 4);
  const Shape& x = inputs[0]->shape;
  const Shape& w = inputs[1]->shape;
  if (groups < 1 || w[0] % groups != 0 || x[3] != w[3] * groups)
    refuse_shape(kName, "an input of " + to_string(x) + " does not suit weights of " + to_string(w) + " in " +
                            std::to_string(groups) + " groups");
  check_bias_shape(kName, inputs, w[0]);
  return {{{x[0], window_extent(kName, x[1] + padding[0] + padding[2], w[1], stride[0], dilation[0]),
            window_extent(kName, x[2] + padding[1] + padding[3], w[2], stride[1], dilation[1]), w[0]},
           inputs[0]->encoding,
           {}}};
}

void Conv2D::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const TensorType* bias = inputs.size() > 2 ? inputs[2] : nullptr;
  const AccumulationTypes types{*inputs[0], *inputs[1], bias, *outputs[0]};
  const Accumulation form = accumulation_form(kRule, types, terms(inputs[1]->shape));
  output_stage(kRule, types, form, {clamp_min, clamp_max});
}

void Conv2D::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Shape& x = inputs[0]->shape();
  const Shape& w = inputs[1]->shape();
  const Shape& y = outputs[0]->shape();
  const Correlation c{x[0],
                      x[1],
                      x[2],
                      x[3],
                      w[0],
                      groups,
                      forward_taps(x[1], w[1], stride[0], dilation[0], padding[0], y[1]),
                      forward_taps(x[2], w[2], stride[1], dilation[1], padding[1], y[2])};
  correlate(c, kRule, *inputs[0], *inputs[1], inputs.size() > 2 ? inputs[2] : nullptr, {clamp_min, clamp_max},
            *outputs[0]);
}

std::int64_t Conv2D::macs(const InputTypes& inputs, const OutputTypes& outputs) const {
  return outputs[0]->elements() * terms(inputs[1]->shape);
}

namespace {

// As in the middle of networks: 3x3 with stride 1 and many channels.
Graph sample_body(Rng& rng) {
  auto op = std::make_shared<Conv2D>();
  for (auto& p : op->padding) p = rng.integer(0, 1);
  const Shape w{2 * rng.integer(6, 12), 3, 3, 4 * rng.integer(4, 6)};
  const Shape x{rng.chance(0.8) ? 1 : 2, rng.integer(5, 12), rng.integer(8, 17), w[3]};
  random_clamp(rng, op->clamp_min, op->clamp_max);
  return accumulation_sample(rng, {op, x, w, w[0], 0, terms(w), true});
}

}  // namespace

namespace {

// Of a binary network: whole words of channels, or whole bytes.
Graph sample_signs(Rng& rng) {
  auto op = std::make_shared<Conv2D>();
  op->stride = {rng.integer(1, 2), rng.integer(1, 2)};
  if (rng.chance(0.2)) op->dilation = {2, 2};
  for (auto& p : op->padding) p = rng.integer(0, 2);
  const std::int64_t size = rng.chance(0.7) ? 3 : rng.integer(1, 5);
  const Shape w{rng.integer(1, 40), size, size,
                rng.chance(0.6) ? 32 * rng.integer(1, 3) : 8 * rng.integer(1, 9)};
  const Shape x{rng.integer(1, 2), rng.integer(1, 5) + op->dilation[0] * (size - 1),
                rng.integer(1, 5) + op->dilation[1] * (size - 1), w[3]};
  return accumulation_sample(rng, {op, x, w, w[0], 0, terms(w), false, true});
}

}  // namespace

Graph sample_conv2d(Rng& rng) {
  if (rng.chance(0.1)) return sample_signs(rng);
  if (rng.chance(0.25)) return sample_point_conv2d(rng);
  if (rng.chance(0.2)) return sample_body(rng);
  auto op = std::make_shared<Conv2D>();
  op->groups = rng.chance(0.75) ? 1 : rng.integer(2, 3);
  op->stride = {rng.integer(1, 3), rng.integer(1, 3)};
  op->dilation = rng.chance(0.7) ? std::vector<std::int64_t>{1, 1}
                                 : std::vector<std::int64_t>{rng.integer(1, 2), rng.integer(1, 3)};
  const std::int64_t size = rng.integer(1, 5);
  const Shape w{op->groups * rng.integer(1, 9), size, rng.chance(0.7) ? size : rng.integer(1, 4),
                rng.integer(1, 20)};
  for (auto& p : op->padding) p = rng.integer(0, 2);
  const Shape x{rng.chance(0.8) ? 1 : 2, rng.integer(1, 6) + op->dilation[0] * (w[1] - 1),
                rng.integer(1, 8) + op->dilation[1] * (w[2] - 1), w[3] * op->groups};
  random_clamp(rng, op->clamp_min, op->clamp_max);
  return accumulation_sample(rng, {op, x, w, w[0], 0, terms(w), true});
}

}  // namespace mote
