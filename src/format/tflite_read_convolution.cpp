// Operators that multiply by weights.
#include <algorithm>

#include "format/tflite_table.h"
#include "format/tflite_window.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"

namespace mote::tflite {

namespace {

// Filters, and the bias where there is one.
std::vector<ValueId> operands(Call& call, std::size_t x, std::size_t weights, std::size_t bias) {
  std::vector<ValueId> inputs{call.input(x), call.input(weights)};
  if (call.has_input(bias)) inputs.push_back(call.input(bias));
  return inputs;
}

template <class Op, class Options>
void set_window(const Call& call, const Options& options, const Shape& x, const Shape& w, Op& op) {
  op.stride = {options.stride_h(), options.stride_w()};
  op.dilation = {options.dilation_h(), options.dilation_w()};
  op.padding = padding_list(call, options.padding(), {x[1], w[1], op.stride[0], op.dilation[0]},
                            {x[2], w[2], op.stride[1], op.dilation[1]});
  set_activation(call, options.activation(), op);
}

}  // namespace

void read_conv2d(Call& call, std::string_view) {
  const auto& options = call.options<Conv2DOptions>();
  const auto inputs = operands(call, 0, 1, 2);
  const Shape x = image_shape(call, inputs[0]);
  const Shape w = image_shape(call, inputs[1]);
  call.finish(call.emit(make<Conv2D>([&](Conv2D& op) {
                          set_window(call, options, x, w, op);
                          if (w[3] < 1 || x[3] % w[3] != 0)
                            call.refuse("its filters read " + std::to_string(w[3]) + " of " +
                                        std::to_string(x[3]) + " channels");
                          op.groups = x[3] / w[3];
                        }),
                        inputs, call.output_encoding()));
}

void read_depthwise_conv2d(Call& call, std::string_view) {
  const auto& options = call.options<DepthwiseConv2DOptions>();
  const auto inputs = operands(call, 0, 1, 2);
  const Shape x = image_shape(call, inputs[0]);
  const Shape w = image_shape(call, inputs[1]);
  const auto op = make<DepthwiseConv2D>([&](DepthwiseConv2D& o) { set_window(call, options, x, w, o); });
  call.finish(call.emit(op, inputs, call.output_encoding()));
}

// The file gives the output's shape, of which SAME or VALID decides how much of the full result is cut at the
// front.
void read_transpose_conv(Call& call, std::string_view) {
  const auto& options = call.options<TransposeConvOptions>();
  const auto inputs = operands(call, 2, 1, 3);
  const Shape x = image_shape(call, inputs[0]);
  const Shape w = image_shape(call, inputs[1]);
  const auto out = call.integers(0);
  if (out.size() != 4) call.refuse("its output shape has " + std::to_string(out.size()) + " extents");
  const auto op = make<ConvTranspose2D>([&](ConvTranspose2D& o) {
    o.stride = {options.stride_h(), options.stride_w()};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const Window window{out[axis + 1], w[axis + 1], o.stride[axis], 1};
      const std::int64_t before = padding_cells(call, options.padding(), window).before;
      const std::int64_t surplus = (x[axis + 1] - 1) * window.stride + window.size - before - window.extent;
      o.padding[axis] = before;
      o.padding[axis + 2] = std::max<std::int64_t>(surplus, 0);
      o.output_padding[axis] = std::max<std::int64_t>(-surplus, 0);
    }
    set_activation(call, options.activation(), o);
  });
  call.finish(call.emit(op, inputs, call.output_encoding()));
}

void read_fully_connected(Call& call, std::string_view) {
  const auto& options = call.options<FullyConnectedOptions>();
  if (options.weights_format() != WeightsFormat::DEFAULT)
    call.refuse("its weights are stored shuffled", "export the model with plain weights");
  auto inputs = operands(call, 0, 1, 2);
  const Shape x = call.shape(inputs[0]);
  const Shape w = call.shape(inputs[1]);
  if (w.size() != 2 || w[1] < 1)
    call.refuse("its weights have the shape " + to_string(w) + ", a matrix is expected");
  const bool keeps_axes = options.keep_num_dims() && !x.empty() && x.back() == w[1];
  if (!keeps_axes) {
    const std::int64_t elements = element_count(x);
    if (elements % w[1] != 0)
      call.refuse("an input of shape " + to_string(x) + " does not fit weights of " + to_string(w));
    inputs[0] = call.reshape(inputs[0], {elements / w[1], w[1]});
  }
  const auto op =
      make<FullyConnected>([&](FullyConnected& o) { set_activation(call, options.activation(), o); });
  call.finish(call.emit(op, inputs, call.output_encoding()));
}

void read_batch_matmul(Call& call, std::string_view) {
  const auto& options = call.options<BatchMatMulOptions>();
  const auto op = make<MatMul>([&](MatMul& o) {
    o.transpose_a = options.adj_x();
    o.transpose_b = options.adj_y();
  });
  call.finish(call.emit(op, {call.input(0), call.input(1)}, call.output_encoding()));
}

}  // namespace mote::tflite
