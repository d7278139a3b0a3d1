#include "plan/convolution.h"

#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"

namespace mote {

namespace {

void set_output_stage(Convolution& c, const BindContext& context, const AccumulationRule& rule) {
  const TensorType* bias = context.has_input(2) ? &context.input(2) : nullptr;
  const AccumulationTypes types{context.input(0), context.input(1), bias, context.output()};
  c.form = accumulation_form(rule, types, c.depth() * c.rows.taps * c.columns.taps);
  c.stage = output_stage(rule, types, c.form, c.clamp);
}

// Axis i (0: rows) of a plain convolution.
template <class Op>
WindowAxis plain_axis(const BindContext& context, const Op& op, std::size_t i) {
  return {context.input(0).shape[i + 1],
          context.output().shape[i + 1],
          context.input(1).shape[i + 1],
          op.stride[i],
          op.dilation[i],
          -op.padding[i],
          1};
}

WindowAxis transposed_axis(const BindContext& context, const ConvTranspose2D& op, std::size_t i) {
  return {context.input(0).shape[i + 1],
          context.output().shape[i + 1],
          context.input(1).shape[i + 1],
          1,
          -op.dilation[i],
          op.padding[i],
          op.stride[i]};
}

}  // namespace

bool Convolution::is_transposed() const {
  return rows.divisor != 1 || columns.divisor != 1 || rows.step < 0 || columns.step < 0;
}

bool Convolution::reads_single_pixels() const {
  const auto is_point = [](const WindowAxis& a) {
    return a.taps == 1 && a.stride == 1 && a.offset == 0 && a.divisor == 1 && a.in == a.out;
  };
  return is_point(rows) && is_point(columns);
}

Convolution convolution_of(const BindContext& context) {
  const Shape& x = context.input(0).shape;
  Convolution c{};
  if (const auto* op = context.node().as<Conv2D>()) {
    c.clamp = {op->clamp_min, op->clamp_max};
    c.groups = op->groups;
    c.rows = plain_axis(context, *op, 0);
    c.columns = plain_axis(context, *op, 1);
  } else if (const auto* depthwise = context.node().as<DepthwiseConv2D>()) {
    c.clamp = {depthwise->clamp_min, depthwise->clamp_max};
    c.groups = x[3];
    c.rows = plain_axis(context, *depthwise, 0);
    c.columns = plain_axis(context, *depthwise, 1);
    c.depthwise = true;
  } else if (const auto* transposed = context.node().as<ConvTranspose2D>()) {
    c.clamp = {transposed->clamp_min, transposed->clamp_max};
    c.groups = transposed->groups;
    c.rows = transposed_axis(context, *transposed, 0);
    c.columns = transposed_axis(context, *transposed, 1);
  } else {
    const auto* connected = context.node().as<FullyConnected>();
    MOTE_CHECK(connected != nullptr, context.graph.describe(context.id));
    c.clamp = {connected->clamp_min, connected->clamp_max};
    c.groups = 1;
    c.batches = 1;
    c.in_channels = x.back();
    c.out_channels = context.output().shape.back();
    c.rows.in = c.rows.out = context.output().elements() / std::max<std::int64_t>(c.out_channels, 1);
    set_output_stage(c, context, FullyConnected::kRule);
    return c;
  }
  c.batches = x[0];
  c.in_channels = x[3];
  c.out_channels = context.output().shape[3];
  set_output_stage(c, context,
                   c.depthwise                   ? DepthwiseConv2D::kRule
                   : context.node().as<Conv2D>() ? Conv2D::kRule
                                                 : ConvTranspose2D::kRule);
  return c;
}

void add_window(std::vector<Parameter>& params, const Convolution& c, const std::string& prefix) {
  params.push_back({prefix + ".batches", c.batches});
  params.push_back({prefix + ".in_channels", c.in_channels});
  params.push_back({prefix + ".out_channels", c.out_channels});
  params.push_back({prefix + ".groups", c.groups});
  const auto add_axis = [&](const std::string& name, const WindowAxis& a) {
    params.push_back({prefix + "." + name,
                      std::vector<std::int64_t>{a.in, a.out, a.taps, a.stride, a.step, a.offset, a.divisor}});
  };
  add_axis("rows", c.rows);
  add_axis("columns", c.columns);
}

OutputConstants output_constants(const Convolution& c, bool repeat) {
  OutputConstants constants;
  const bool single = c.stage.multipliers.size() == 1;
  const std::size_t count =
      single && repeat ? static_cast<std::size_t>(c.out_channels) : c.stage.multipliers.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Multiplier m = c.stage.multipliers[single ? 0 : i];
    constants.multipliers.push_back(m.value);
    constants.shifts.push_back(static_cast<std::int8_t>(m.shift));
  }
  return constants;
}

std::int64_t byte_flip(const Encoding& encoding) { return encoding.is_signed() ? 0 : 0x80; }

std::int64_t byte_zero(const Encoding& encoding, std::size_t index) {
  const std::int64_t zero = encoding.is_quantized() ? encoding.zero_point(index) : 0;
  return zero - byte_flip(encoding);
}

std::optional<std::vector<std::int32_t>> constant_integers(const BindContext& context, std::size_t input) {
  const Tensor* tensor = context.constant(input);
  if (!tensor) return std::nullopt;
  const Array array = widen(*tensor);
  return std::vector<std::int32_t>(array.integer.begin(), array.integer.end());
}

}  // namespace mote
