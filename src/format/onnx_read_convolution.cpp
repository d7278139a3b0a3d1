// Conv, ConvTranspose and the integer forms QLinearConv and ConvInteger, with one or two spatial axes.
#include <algorithm>
#include <cmath>

#include "format/onnx_import.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"

namespace mote::onnx_import {

namespace {

using Extents = std::vector<std::int64_t>;

// The window of a convolution in the two axes that the operators have; one spatial axis is the second of
// them.
struct Window {
  Extents extents, kernel, stride, dilation;
  std::int64_t groups = 1;
  std::size_t axes = 2;
};

void make_planar(Extents& values, std::int64_t missing) {
  if (values.size() == 1) values.insert(values.begin(), missing);
}

void make_planar_padding(Extents& padding) {
  if (padding.size() == 2) padding = {0, padding[0], 0, padding[1]};
}

Window read_window(NodeImport& node, ValueId x, ValueId w) {
  const Shape& in = node.shape(x);
  const Shape& filter = node.shape(w);
  if (in.size() < 3 || in.size() > 4 || filter.size() != in.size())
    node.fail("its input is " + to_string(in) + " and its weights are " + to_string(filter) +
                  "; one or two spatial axes are supported",
              "use one- or two-dimensional convolutions");
  Window window;
  window.axes = in.size() - 2;
  window.extents.assign(in.begin() + 2, in.end());
  window.kernel.assign(filter.begin() + 2, filter.end());
  if (node.has_attribute("kernel_shape") && node.integers("kernel_shape") != window.kernel)
    node.fail("kernel_shape is " + to_string(node.integers("kernel_shape")) + " but the weights are " +
              to_string(filter));
  window.stride = per_axis_attribute(node, "strides", window.axes, 1);
  window.dilation = per_axis_attribute(node, "dilations", window.axes, 1);
  window.groups = node.integer("group", 1);
  if (window.groups < 1 || in[1] % window.groups != 0 || filter[0] % window.groups != 0)
    node.fail("group is " + std::to_string(window.groups) + " for the input " + to_string(in) +
              " and weights " + to_string(filter));
  return window;
}

ValueId planar_weights(NodeImport& node, ValueId w) {
  const Shape shape = node.shape(w);
  if (shape.size() != 3) return w;
  const Shape planar{shape[0], shape[1], 1, shape[2]};
  const ValueId source = node.integer_source(w);
  return source.valid() ? node.dequantize(node.reshape(source, planar)) : node.reshape(w, planar);
}

// The convolution in NHWC. Encodings that are not real need `output`: the encoding of the result.
ValueId convolve(NodeImport& node, ValueId x, ValueId w, ValueId bias, const Encoding* output) {
  Window window = read_window(node, x, w);
  auto padding = window_padding(node, window.extents, window.kernel, window.stride, window.dilation);
  make_planar(window.stride, 1);
  make_planar(window.dilation, 1);
  make_planar_padding(padding);
  const std::int64_t rank = node.rank(x);
  const std::int64_t channels = node.shape(x)[1];
  w = planar_weights(node, w);
  const bool depthwise = window.groups == channels && window.groups > 1 && node.shape(w)[1] == 1;
  OperatorPtr op;
  if (depthwise) {
    DepthwiseConv2D conv;
    conv.stride = window.stride;
    conv.dilation = window.dilation;
    conv.padding = padding;
    op = op_of(conv);
    w = node.permuted_weights(w, {1, 2, 3, 0});
  } else {
    Conv2D conv;
    conv.stride = window.stride;
    conv.dilation = window.dilation;
    conv.padding = padding;
    conv.groups = window.groups;
    op = op_of(conv);
    w = node.permuted_weights(w, {0, 2, 3, 1});
  }
  x = to_nhwc(node, x);
  ValueId y;
  if (output) {
    TensorType type = node.infer(op, {x, w, bias})[0];
    type.encoding = *output;
    y = node.add_typed(op, {x, w, bias}, type);
  } else {
    y = node.add(op, {x, w, bias});
  }
  return from_nhwc(node, y, rank);
}

void read_conv(NodeImport& node) {
  node.set_output(0, convolve(node, node.input(0), node.input(1), node.optional_input(2), nullptr));
}

// Weights [I, O/groups, kh, kw] -> [O, kh, kw, I/groups].
ValueId transposed_weights(NodeImport& node, ValueId w, std::int64_t groups) {
  if (groups == 1) return node.permuted_weights(w, {1, 2, 3, 0});
  const Shape s = node.shape(w);
  w = node.reshape(w, {groups, s[0] / groups, s[1], s[2], s[3]});
  w = node.transpose(w, {0, 2, 3, 4, 1});
  return node.reshape(w, {groups * s[1], s[2], s[3], s[0] / groups});
}

// Padding of a transposed convolution: pads, or what output_shape and auto_pad ask for. `extra`:
// output_padding.
Extents transposed_padding(NodeImport& node, const Window& window, Extents& extra) {
  const std::size_t axes = window.axes;
  const std::string mode = node.text("auto_pad", "NOTSET");
  Extents wanted = node.integers("output_shape");
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if (wanted.empty() && !same)
    return window_padding(node, window.extents, window.kernel, window.stride, window.dilation);
  if (wanted.empty())
    for (std::size_t i = 0; i < axes; ++i) wanted.push_back(window.extents[i] * window.stride[i]);
  if (wanted.size() == axes + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  if (wanted.size() != axes) node.fail("output_shape has " + std::to_string(wanted.size()) + " numbers");
  Extents padding(2 * axes, 0);
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t full = (window.extents[i] - 1) * window.stride[i] + extra[i] +
                              window.dilation[i] * (window.kernel[i] - 1) + 1;
    if (wanted[i] < 1) node.fail("output_shape contains " + std::to_string(wanted[i]));
    if (wanted[i] > full) extra[i] += wanted[i] - full;
    const std::int64_t total = std::max<std::int64_t>(full - wanted[i], 0);
    padding[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    padding[axes + i] = total - padding[i];
  }
  return padding;
}

void read_conv_transpose(NodeImport& node) {
  const ValueId x = node.input(0);
  Window window = read_window(node, x, node.input(1));
  if (node.shape(node.input(1))[0] != node.shape(x)[1])
    node.fail("its weights are for " + std::to_string(node.shape(node.input(1))[0]) +
              " input channels, its input has " + std::to_string(node.shape(x)[1]));
  ConvTranspose2D conv;
  conv.output_padding = per_axis_attribute(node, "output_padding", window.axes, 0);
  conv.padding = transposed_padding(node, window, conv.output_padding);
  make_planar(conv.output_padding, 0);
  make_planar_padding(conv.padding);
  make_planar(window.stride, 1);
  make_planar(window.dilation, 1);
  conv.stride = window.stride;
  conv.dilation = window.dilation;
  conv.groups = window.groups;
  const ValueId w = transposed_weights(node, planar_weights(node, node.input(1)), window.groups);
  const ValueId y = node.add(op_of(conv), {to_nhwc(node, x), w, node.optional_input(2)});
  node.set_output(0, from_nhwc(node, y, node.rank(x)));
}

// x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias (int32 with scale x_scale * w_scale)
void read_qlinear_conv(NodeImport& node) {
  const ValueId x = node.with_encoding(node.input(0), file_encoding(node, 0, 1, 2, 1));
  const ValueId w = node.with_encoding(node.input(3), file_encoding(node, 3, 4, 5, 0));
  const Encoding y = result_encoding(node, 6, 7);
  ValueId bias;
  if (node.has_input(8))
    bias = node.with_encoding(node.input(8), bias_encoding(node.type(x).encoding, node.type(w).encoding));
  node.set_output(0, convolve(node, x, w, bias, &y), element_of(y, node.where()));
}

// The exact integer sums: the law with all scales 1.
void read_conv_integer(NodeImport& node) {
  const ValueId x = node.with_encoding(node.input(0), unit_encoding(node, 0, 2));
  const ValueId w = node.with_encoding(node.input(1), unit_encoding(node, 1, 3));
  const Encoding y = Encoding::integer(32, true);
  node.set_output(0, convolve(node, x, w, {}, &y), OnnxElement::kInt32);
}

constexpr ConvertRow kRows[] = {
    {"Conv", read_conv},
    {"ConvTranspose", read_conv_transpose},
    {"QLinearConv", read_qlinear_conv},
    {"ConvInteger", read_conv_integer},
};

}  // namespace

std::span<const ConvertRow> convolution_rows() { return kRows; }

}  // namespace mote::onnx_import
