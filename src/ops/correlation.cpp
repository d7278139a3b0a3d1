#include "ops/correlation.h"

#include <algorithm>
#include <type_traits>

namespace mote {

namespace {

// Copies the window of one output position and group into `window`; absent taps are 0.
template <class T>
void gather_window(const Correlation& c, const T* image, std::int64_t oy, std::int64_t ox, std::int64_t group,
                   T* window) {
  const std::int64_t depth = c.in_channels / c.groups;
  for (std::int64_t ky = 0; ky < c.rows.taps; ++ky) {
    const std::int64_t iy = c.rows.source[static_cast<std::size_t>(oy * c.rows.taps + ky)];
    for (std::int64_t kx = 0; kx < c.columns.taps; ++kx, window += depth) {
      const std::int64_t ix = c.columns.source[static_cast<std::size_t>(ox * c.columns.taps + kx)];
      if (iy < 0 || ix < 0)
        std::fill_n(window, depth, T{});
      else
        std::copy_n(image + (iy * c.in_w + ix) * c.in_channels + group * depth, depth, window);
    }
  }
}

// 32-bit sums wrap, so that no input can make them undefined.
template <class Sum, class T>
Sum dot(const T* a, const T* b, std::int64_t count) {
  using Acc = std::conditional_t<std::is_same_v<Sum, std::int32_t>, std::uint32_t, Sum>;
  Acc sum{};
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<Acc>(a[i]) * static_cast<Acc>(b[i]);
  return static_cast<Sum>(sum);
}

template <class Sum, class T, class Finish>
void correlate_as(const Correlation& c, const T* x, const T* w, const Finish& finish) {
  const std::int64_t window_size = c.rows.taps * c.columns.taps * (c.in_channels / c.groups);
  const std::int64_t group_outputs = c.out_channels / c.groups;
  std::vector<T> window(static_cast<std::size_t>(window_size));
  std::size_t at = 0;
  for (std::int64_t n = 0; n < c.batches; ++n) {
    const T* image = x + n * c.in_h * c.in_w * c.in_channels;
    for (std::int64_t oy = 0; oy < c.rows.outputs; ++oy)
      for (std::int64_t ox = 0; ox < c.columns.outputs; ++ox)
        for (std::int64_t g = 0; g < c.groups; ++g) {
          gather_window(c, image, oy, ox, g, window.data());
          for (std::int64_t o = g * group_outputs; o < (g + 1) * group_outputs; ++o)
            finish(at++, static_cast<std::size_t>(o),
                   dot<Sum>(window.data(), w + o * window_size, window_size));
        }
  }
}

}  // namespace

TapTable forward_taps(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                      std::int64_t before, std::int64_t outputs) {
  TapTable table{outputs, kernel, {}};
  for (std::int64_t o = 0; o < outputs; ++o)
    for (std::int64_t k = 0; k < kernel; ++k) {
      const std::int64_t i = o * stride + k * dilation - before;
      table.source.push_back(i >= 0 && i < input ? i : -1);
    }
  return table;
}

TapTable transposed_taps(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                         std::int64_t before, std::int64_t outputs) {
  TapTable table{outputs, kernel, {}};
  for (std::int64_t o = 0; o < outputs; ++o)
    for (std::int64_t k = 0; k < kernel; ++k) {
      const std::int64_t scaled = o + before - k * dilation;
      const bool present = scaled >= 0 && scaled % stride == 0 && scaled / stride < input;
      table.source.push_back(present ? scaled / stride : -1);
    }
  return table;
}

void correlate(const Correlation& c, const AccumulationRule& rule, const Array& x, const Array& w,
               const Array* bias, Clamp clamp, Array& y) {
  const std::int64_t terms = c.rows.taps * c.columns.taps * (c.in_channels / c.groups);
  const AccumulationTypes types{x.type, w.type, bias ? &bias->type : nullptr, y.type};
  const Accumulation form = accumulation_form(rule, types, terms);
  if (form == Accumulation::Real) {
    correlate_as<double>(
        c, x.real.data(), w.real.data(), [&](std::size_t at, std::size_t channel, double sum) {
          if (bias) sum += bias->real[channel];
          y.real[at] = std::clamp(sum, static_cast<double>(clamp.min), static_cast<double>(clamp.max));
        });
    return;
  }
  const OutputStage stage = output_stage(rule, types, form, clamp);
  const auto inputs = centered(x);
  const auto weights = centered(w);
  const auto finish = [&](std::size_t at, std::size_t channel, std::int64_t sum) {
    if (bias) sum += bias->integer[channel];
    y.integer[at] = stage(sum, channel);
  };
  if (form == Accumulation::Int16)
    correlate_as<std::int64_t>(c, inputs.data(), weights.data(), finish);
  else
    correlate_as<std::int32_t>(c, inputs.data(), weights.data(), finish);
}

void refuse_shape(std::string_view op, const std::string& why) {
  throw UserError({std::string(op) + " has impossible shapes or attributes", "", why, "mend the model"});
}

void check_window_fields(const WindowFields& f) {
  if (f.stride.size() != 2 || f.dilation.size() != 2 || f.padding.size() != 4)
    refuse_shape(f.op, "stride and dilation need 2 numbers, padding 4");
  const auto in_range = [](const std::vector<std::int64_t>& values, std::int64_t low) {
    return std::all_of(values.begin(), values.end(),
                       [low](std::int64_t v) { return v >= low && v <= 1 << 24; });
  };
  if (!in_range(f.stride, 1) || !in_range(f.dilation, 1) || !in_range(f.padding, 0))
    refuse_shape(f.op, "strides and dilations must be positive, padding not negative");
}

std::int64_t window_extent(std::string_view op, std::int64_t padded, std::int64_t kernel, std::int64_t stride,
                           std::int64_t dilation) {
  const std::int64_t window = dilation * (kernel - 1) + 1;
  if (window > padded)
    refuse_shape(op, "a window of " + std::to_string(window) + " does not fit " + std::to_string(padded) +
                         " rows or columns");
  return (padded - window) / stride + 1;
}

void check_operands(std::string_view op, const InputTypes& inputs, std::size_t x_rank, std::size_t w_rank) {
  if (inputs.size() < 2 || inputs.size() > 3 || !inputs[0] || !inputs[1])
    refuse_shape(op, "it takes an input, weights and an optional bias");
  if (inputs[0]->shape.size() != x_rank || inputs[1]->shape.size() != w_rank)
    refuse_shape(
        op, "the input is " + to_string(inputs[0]->shape) + ", the weights " + to_string(inputs[1]->shape));
  for (const std::int64_t extent : inputs[1]->shape)
    if (extent < 1) refuse_shape(op, "the weights are empty");
}

void check_bias_shape(std::string_view op, const InputTypes& inputs, std::int64_t channels) {
  if (inputs.size() < 3 || !inputs[2]) return;
  if (inputs[2]->shape != Shape{channels})
    refuse_shape(
        op, "the bias is " + to_string(inputs[2]->shape) + " for " + std::to_string(channels) + " channels");
}

}  // namespace mote
