#include "ops/depthwise_conv2d.h"

#include "ops/accumulation_sample.h"
#include "ops/correlation.h"

namespace mote {

namespace {

// [1,kh,kw,O] as [O,kh,kw,1], the scales along with it: the weights of the grouped convolution that it is.
Array filters_first(const Array& w) {
  Array result;
  result.type = w.type;
  const Shape& s = w.shape();
  result.type.shape = {s[3], s[1], s[2], 1};
  if (w.encoding().is_per_axis()) {
    Quantization q = w.encoding().quantization();
    q.axis = q.axis == 3 ? 0 : q.axis;
    result.type.encoding = w.encoding().with_quantization(std::move(q));
  }
  const auto channels = static_cast<std::size_t>(s[3]);
  const auto taps = static_cast<std::size_t>(s[1] * s[2]);
  const auto reorder = [&](const auto& from, auto& to) {
    to.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) to[i % channels * taps + i / channels] = from[i];
  };
  reorder(w.real, result.real);
  reorder(w.integer, result.integer);
  return result;
}

}  // namespace

std::vector<TensorType> DepthwiseConv2D::infer(const InputTypes& inputs) const {
  check_window_fields({kName, stride, dilation, padding});
  check_operands(kName, inputs, 4, 4);
  const Shape& x = inputs[0]->shape;
  const Shape& w = inputs[1]->shape;
  if (w[0] != 1 || x[3] < 1 || w[3] % x[3] != 0)
    refuse_shape(kName, "an input of " + to_string(x) + " does not suit weights of " + to_string(w));
  check_bias_shape(kName, inputs, w[3]);
  return {{{x[0], window_extent(kName, x[1] + padding[0] + padding[2], w[1], stride[0], dilation[0]),
            window_extent(kName, x[2] + padding[1] + padding[3], w[2], stride[1], dilation[1]), w[3]},
           inputs[0]->encoding,
           {}}};
}

void DepthwiseConv2D::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const TensorType* bias = inputs.size() > 2 ? inputs[2] : nullptr;
  const AccumulationTypes types{*inputs[0], *inputs[1], bias, *outputs[0]};
  const Accumulation form = accumulation_form(kRule, types, inputs[1]->shape[1] * inputs[1]->shape[2]);
  if (form == Accumulation::Sum)
    refuse(kName, "it has no 32-bit output", "use Conv2D with groups, or requantize");
  output_stage(kRule, types, form, {clamp_min, clamp_max});
}

void DepthwiseConv2D::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Shape& x = inputs[0]->shape();
  const Shape& y = outputs[0]->shape();
  const Array w = filters_first(*inputs[1]);
  AccumulationRule rule = kRule;
  rule.weight_axis = 0;
  const Correlation c{x[0],
                      x[1],
                      x[2],
                      x[3],
                      y[3],
                      x[3],
                      forward_taps(x[1], w.shape()[1], stride[0], dilation[0], padding[0], y[1]),
                      forward_taps(x[2], w.shape()[2], stride[1], dilation[1], padding[1], y[2])};
  correlate(c, rule, *inputs[0], w, inputs.size() > 2 ? inputs[2] : nullptr, {clamp_min, clamp_max},
            *outputs[0]);
}

std::int64_t DepthwiseConv2D::macs(const InputTypes& inputs, const OutputTypes& outputs) const {
  return outputs[0]->elements() * inputs[1]->shape[1] * inputs[1]->shape[2];
}

Graph sample_depthwise_conv2d(Rng& rng) {
  auto op = std::make_shared<DepthwiseConv2D>();
  const std::int64_t stride = rng.integer(1, 2);
  op->stride = {stride, rng.chance(0.7) ? stride : rng.integer(1, 3)};
  if (rng.chance(0.2)) op->dilation = {rng.integer(1, 2), rng.integer(1, 3)};
  for (auto& p : op->padding) p = rng.integer(0, 2);
  const std::int64_t channels = rng.integer(1, 20);
  const std::int64_t size = rng.chance(0.6) ? 3 : rng.integer(1, 5);
  const Shape w{1, size, rng.chance(0.7) ? size : rng.integer(1, 4),
                channels * (rng.chance(0.7) ? 1 : rng.integer(2, 3))};
  const Shape x{rng.chance(0.8) ? 1 : 2, rng.integer(1, 8) + op->dilation[0] * (w[1] - 1),
                rng.integer(1, 8) + op->dilation[1] * (w[2] - 1), channels};
  random_clamp(rng, op->clamp_min, op->clamp_max);
  return accumulation_sample(rng, {op, x, w, w[3], 3, w[1] * w[2], false});
}

}  // namespace mote
