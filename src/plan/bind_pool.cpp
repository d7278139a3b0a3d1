#include <algorithm>
#include <limits>

#include "ops/fixed_point.h"
#include "ops/pool.h"
#include "ops/resize.h"
#include "plan/bind_movement.h"

namespace mote {

namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

Parameter number(std::string name, std::int64_t value) { return {std::move(name), value}; }

std::vector<Parameter> window_parameters(const Pool& pool, const Shape& in, const Shape& out) {
  return {number("batch", in[0]),
          number("in_height", in[1]),
          number("in_width", in[2]),
          number("channels", in[3]),
          number("out_height", out[1]),
          number("out_width", out[2]),
          number("window_h", pool.window[0]),
          number("window_w", pool.window[1]),
          number("stride_h", pool.stride[0]),
          number("stride_w", pool.stride[1]),
          number("dilation_h", pool.dilation[0]),
          number("dilation_w", pool.dilation[1]),
          number("top", pool.padding[0]),
          number("left", pool.padding[1]),
          number("bottom", pool.padding[2]),
          number("right", pool.padding[3]),
          number("include_pad", pool.count_include_pad ? 1 : 0)};
}

BindResult pool_call(const BindContext& context, const std::string& suffix) {
  const Pool& pool = *context.node().as<Pool>();
  const Encoding& e = context.input(0).encoding;
  auto params = window_parameters(pool, context.input(0).shape, context.output().shape);
  if (e.is_real()) {
    params.push_back({"low_f32", std::max(pool.clamp_min, -kLargest)});
    params.push_back({"high_f32", std::min(pool.clamp_max, kLargest)});
  } else {
    const IntegerRange range = clamp_range({pool.clamp_min, pool.clamp_max}, e);
    const std::int64_t zero = e.is_quantized() ? e.zero_point() : 0;
    params.push_back(number("zero", pool.is_max() ? e.min() : zero));
    params.push_back(number("low", range.min));
    params.push_back(number("high", range.max));
  }
  Bound bound = one_call(context, (pool.is_max() ? "max_pool_" : "average_pool_") + suffix, "pool_params",
                         std::move(params));
  offer_row_ranges(bound.calls[0], row_count(context.input(0)), 0, row_count(context.output()));
  return bound;
}

// The average of each channel of an image of bytes.
bool is_global_average(const BindContext& context) {
  const Pool& pool = *context.node().as<Pool>();
  const TensorType& in = context.input(0);
  const Shape& out = context.output().shape;
  const auto padded = [](std::int64_t side) { return side != 0; };
  return !pool.is_max() && !in.encoding.is_real() && in.encoding.container_bytes() == 1 && out[1] == 1 &&
         out[2] == 1 && pool.window[0] == in.shape[1] && pool.window[1] == in.shape[2] &&
         pool.dilation[0] == 1 && pool.dilation[1] == 1 &&
         std::none_of(pool.padding.begin(), pool.padding.end(), padded) &&
         in.shape[1] * in.shape[2] < (1 << 20);
}

// Kernels that take `lanes` channels of signed bytes at once.
BindResult lanes_call(const BindContext& context, std::int64_t lanes, const std::string& suffix) {
  const Pool& pool = *context.node().as<Pool>();
  const TensorType& in = context.input(0);
  if (in.encoding.is_real() || !in.encoding.is_signed() || in.encoding.bits() > 8)
    return Refusal{"not signed bytes"};
  if (in.shape[3] < lanes) return Refusal{"fewer than " + std::to_string(lanes) + " channels"};
  // written so that a window of any size cannot overflow
  if (!pool.is_max() && (pool.window[0] > 255 || pool.window[0] * pool.window[1] > 255))
    return Refusal{"the sum of a window may exceed 16 bits"};
  if (context.optimize == Optimize::kRam && is_global_average(context))
    return Refusal{"sums of rows need less RAM"};
  return pool_call(context, suffix);
}

}  // namespace

BindResult bind_pool(const BindContext& context) {
  return pool_call(context, element_suffix(context.input(0).encoding));
}

BindResult bind_max_pool_bits(const BindContext& context) {
  const Pool& pool = *context.node().as<Pool>();
  if (!context.input_packed(0) || !context.output_packed()) return Refusal{"the images do not stand packed"};
  const Encoding& e = context.input(0).encoding;
  if (!e.is_bipolar()) return Refusal{"not bipolar"};
  const IntegerRange range = clamp_range({pool.clamp_min, pool.clamp_max}, e);
  if (range.min > -1 || range.max < 1) return Refusal{"it clamps"};
  BindResult result = pool_call(context, "bits");
  for (Parameter& p : std::get<Bound>(result).calls[0].params)
    if (p.name == "channels") p.value = context.input(0).shape[3] / 8;
  return result;
}

// Row by row: the image need never stand whole.
BindResult bind_average_pool_rows(const BindContext& context) {
  if (!is_global_average(context)) return Refusal{"not the average of an image of bytes"};
  Bound bound = std::get<Bound>(pool_call(context, "rows_" + element_suffix(context.input(0).encoding)));
  bound.calls[0].input_rows = true;
  bound.calls[0].scratch_bytes = 4 * context.input(0).shape[3];
  bound.note = "sums of rows";
  return bound;
}

BindResult bind_pool_s8_dsp(const BindContext& context) { return lanes_call(context, 4, "s8_dsp"); }
BindResult bind_pool_s8_mve(const BindContext& context) { return lanes_call(context, 1, "s8_mve"); }
BindResult bind_average_pool_s8_words(const BindContext& context) {
  return lanes_call(context, 4, "s8_words");
}
BindResult bind_pool_s8_neon(const BindContext& context) { return lanes_call(context, 16, "s8_neon"); }
BindResult bind_pool_s8_avx2(const BindContext& context) { return lanes_call(context, 16, "s8_avx2"); }
BindResult bind_pool_f32_avx2(const BindContext& context) {
  if (!context.input(0).encoding.is_real()) return Refusal{"not floats"};
  if (context.input(0).shape[3] < 8) return Refusal{"fewer than 8 channels"};
  return pool_call(context, "f32_avx2");
}

namespace {

ConstantArray table(const std::vector<std::int64_t>& values) {
  std::vector<std::int16_t> small;
  for (const std::int64_t value : values) small.push_back(static_cast<std::int16_t>(value));
  return constant_array(std::span<const std::int16_t>(small));
}

ConstantArray table(const std::vector<double>& values) {
  std::vector<float> rounded;
  for (const double value : values) rounded.push_back(static_cast<float>(value));
  return constant_array(std::span<const float>(rounded));
}

}  // namespace

BindResult bind_resize(const BindContext& context) {
  const Resize& resize = *context.node().as<Resize>();
  const TensorType& in = context.input(0);
  if (nothing_to_do(context)) return Bound{};
  const bool is_real = in.encoding.is_real();
  const ResizeAxis rows =
      is_real ? resize_axis(resize, 0, in.shape[1]) : resize_axis_integer(resize, 0, in.shape[1]);
  const ResizeAxis columns =
      is_real ? resize_axis(resize, 1, in.shape[2]) : resize_axis_integer(resize, 1, in.shape[2]);
  std::vector<Parameter> params{number("batch", in.shape[0]), number("in_height", in.shape[1]),
                                number("in_width", in.shape[2]), number("out_height", resize.height),
                                number("out_width", resize.width)};
  if (resize.function == "nearest") {
    params.push_back(number("pixel_bytes", in.shape[3] * in.encoding.container_bytes()));
    params.push_back({"rows", table(rows.lower)});
    params.push_back({"columns", table(columns.lower)});
    return one_call(context, "resize_nearest", "resize_nearest_params", std::move(params));
  }
  params.push_back(number("channels", in.shape[3]));
  params.push_back({"rows_below", table(rows.lower)});
  params.push_back({"rows_above", table(rows.upper)});
  params.push_back({"columns_below", table(columns.lower)});
  params.push_back({"columns_above", table(columns.upper)});
  params.push_back({"row_weights", is_real ? table(rows.weight) : table(rows.weight_1024)});
  params.push_back({"column_weights", is_real ? table(columns.weight) : table(columns.weight_1024)});
  return one_call(context, "resize_linear_" + element_suffix(in.encoding),
                  is_real ? "resize_linear_f32_params" : "resize_linear_params", std::move(params));
}

}  // namespace mote
