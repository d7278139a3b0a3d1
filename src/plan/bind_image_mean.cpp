// Means over whole images for Arm cores with the DSP extension, from a pool or a reduction.
#include "ops/pool.h"
#include "ops/reduce.h"
#include "plan/bind_movement.h"

namespace mote {

namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 23;  // their sum fits 32 bits

std::string image_refusal(const BindContext& context) {
  const TensorType& in = context.input(0);
  if (in.encoding.is_real() || !in.encoding.is_signed() || in.encoding.bits() > 8 || in.shape.size() != 4)
    return "not images of signed bytes";
  if (in.shape[3] < 4) return "fewer than 4 channels";
  if (in.shape[1] * in.shape[2] > kMostPixels) return "the sum of an image may exceed 32 bits";
  return {};
}

std::vector<Parameter> image_parameters(const Shape& shape, std::int64_t low, std::int64_t high) {
  return {{"images", shape[0]},
          {"pixels", shape[1] * shape[2]},
          {"channels", shape[3]},
          {"low", low},
          {"high", high}};
}

}  // namespace

BindResult bind_image_average_s8_dsp(const BindContext& context) {
  if (const std::string why = image_refusal(context); !why.empty()) return Refusal{why};
  const Pool& pool = *context.node().as<Pool>();
  const Shape& in = context.input(0).shape;
  const Shape& out = context.output().shape;
  const bool whole = out[1] == 1 && out[2] == 1 && pool.window[0] == in[1] && pool.window[1] == in[2] &&
                     pool.padding == std::vector<std::int64_t>{0, 0, 0, 0} &&
                     (pool.dilation[0] == 1 || in[1] == 1) && (pool.dilation[1] == 1 || in[2] == 1);
  if (!whole) return Refusal{"the window is not the whole image"};
  if (context.optimize == Optimize::kRam) return Refusal{"sums of rows need less RAM"};
  const IntegerRange range = clamp_range({pool.clamp_min, pool.clamp_max}, context.input(0).encoding);
  return one_call(context, "image_average_s8_dsp", "image_mean_s8_dsp_params",
                  image_parameters(in, range.min, range.max));
}

BindResult bind_image_mean_s8_dsp(const BindContext& context) {
  if (const std::string why = image_refusal(context); !why.empty()) return Refusal{why};
  const Reduce& reduce = *context.node().as<Reduce>();
  const TensorType& in = context.input(0);
  const TensorType& out = context.output();
  if (!in.encoding.is_quantized() || reduce.axes != std::vector<std::int64_t>{1, 2})
    return Refusal{"not over the pixels of quantized images"};
  const std::int64_t count = in.shape[1] * in.shape[2];
  const Multiplier m = reduce_multiplier(reduce.function == "Mean", in.encoding, out.encoding, count);
  auto params = image_parameters(in.shape, out.encoding.min(), out.encoding.max());
  params.push_back({"start", -in.encoding.zero_point() * count});
  params.push_back({"multiplier", std::int64_t{m.value}});
  params.push_back({"shift", std::int64_t{m.shift}});
  params.push_back({"zero_out", std::int64_t{out.encoding.zero_point()}});
  return one_call(context, "image_mean_s8_dsp", "image_mean_s8_dsp_params", std::move(params));
}

}  // namespace mote
