#include "tests/support/random_network.h"

#include <memory>

#include "ir/patch.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/reshape.h"
#include "ops/transpose.h"
#include "ops/unary.h"
#include "tests/support/device_layers.h"

namespace mote::testing {

namespace {

class Network {
 public:
  explicit Network(Rng& rng) : rng_(rng) {}

  Graph make() {
    const Shape shape{rng_.chance(0.2) ? 2 : 1, rng_.integer(4, 24), rng_.integer(1, 12), rng_.integer(1, 4)};
    ValueId x =
        convolution(rng_.chance(0.25) ? planes(shape) : patch_.add_input("x", {shape, byte(0.02F), {}}),
                    rng_.integer(1, 4) * 4, 3);
    for (std::int64_t blocks = rng_.integer(1, 4); blocks > 0; --blocks) x = block(x);
    if (rng_.chance(0.5)) x = average(x);
    patch_.add_output(x);
    return std::move(patch_).apply();
  }

 private:
  Encoding byte(float scale) {
    return Encoding::affine(8, true, scale,
                            static_cast<std::int32_t>(rng_.chance(0.5) ? -128 : rng_.integer(-9, 9)));
  }

  // An input whose channels come plane by plane.
  ValueId planes(const Shape& shape) {
    Transpose op;
    op.permutation = {0, 2, 3, 1};
    const ValueId x = patch_.add_input("x", {{shape[0], shape[3], shape[1], shape[2]}, byte(0.02F), {}});
    return patch_.add(std::make_shared<Transpose>(op), {x}, "planes");
  }

  template <class Op>
  ValueId window(ValueId x, const Shape& w_shape, std::int64_t taps, std::int64_t stride, int axis) {
    auto op = std::make_shared<Op>();
    op->stride = {stride, stride};
    op->padding = {taps / 2, taps / 2, (taps - 1) / 2, taps / 2};
    if (taps > 1 && rng_.chance(0.2)) op->dilation = {2, 1};
    if (op->dilation[0] == 2) op->padding[0] = op->padding[2] = taps - 1;
    if (rng_.chance(0.5)) op->clamp_min = 0;
    const std::vector<float> scales(static_cast<std::size_t>(w_shape[static_cast<std::size_t>(axis)]), 0.01F);
    const TensorType w{
        w_shape, Encoding::per_axis(8, true, axis, scales, std::vector<std::int32_t>(scales.size())), {}};
    const std::vector<ValueId> inputs{x, patch_.add_constant("w", random_bytes(rng_, w, 0.1))};
    TensorType y = op->infer({&patch_.type(inputs[0]), &patch_.type(inputs[1])}).at(0);
    y.encoding = byte(0.05F);
    return patch_.add_node(op, inputs, {y}, "layer")[0];
  }

  ValueId convolution(ValueId x, std::int64_t channels, std::int64_t taps, std::int64_t stride = 1) {
    return window<Conv2D>(x, {channels, taps, taps, patch_.type(x).shape[3]}, taps, stride, 0);
  }

  ValueId depthwise(ValueId x, std::int64_t stride = 1) {
    return window<DepthwiseConv2D>(x, {1, 3, 3, patch_.type(x).shape[3]}, 3, stride, 3);
  }

  ValueId unary(ValueId x) {
    Unary op;
    op.function = rng_.chance(0.5) ? "Sigmoid" : "Relu";
    TensorType y = patch_.type(x);
    y.encoding = byte(0.03F);
    return patch_.add_node(std::make_shared<Unary>(op), {x}, {y}, "unary")[0];
  }

  ValueId sum(ValueId a, ValueId b) {
    TensorType y = patch_.type(a);
    y.encoding = byte(0.08F);
    return patch_.add_node(std::make_shared<Binary>(), {a, b}, {y}, "sum")[0];
  }

  ValueId concat(ValueId a, ValueId b, std::int64_t axis) {
    Concat op;
    op.axis = axis;
    TensorType y = patch_.type(a);
    y.shape[static_cast<std::size_t>(axis)] += patch_.type(b).shape[static_cast<std::size_t>(axis)];
    patch_.set_type(b, {patch_.type(b).shape, y.encoding, {}});
    return patch_.add_node(std::make_shared<Concat>(op), {a, b}, {y}, "concat")[0];
  }

  ValueId average(ValueId x) {
    Pool op;
    op.function = "AveragePool";
    op.window = {patch_.type(x).shape[1], patch_.type(x).shape[2]};
    return patch_.add(std::make_shared<Pool>(op), {x}, "average");
  }

  ValueId block(ValueId x) {
    const std::int64_t channels = patch_.type(x).shape[3];
    switch (rng_.integer(0, 6)) {
      case 0:  // residual
        return sum(convolution(convolution(x, channels + 4, 3), channels, 3), x);
      case 1: {  // residual with a strided branch
        const ValueId main = convolution(convolution(x, 2 * channels, 3, 2), 2 * channels, 3);
        const ValueId side = convolution(x, 2 * channels, 1, 2);
        return patch_.type(main).shape == patch_.type(side).shape ? sum(side, main) : main;
      }
      case 2:  // inverted bottleneck
        return convolution(depthwise(convolution(x, 3 * channels, 1), rng_.integer(1, 2)), channels, 1);
      case 3:  // branches side by side or on top of each other
        return concat(convolution(x, channels, 3), unary(depthwise(x)), rng_.chance(0.5) ? 1 : 3);
      case 4: {
        Pool op;
        op.window = {2, rng_.integer(1, std::min<std::int64_t>(2, patch_.type(x).shape[2]))};
        if (patch_.type(x).shape[1] < 2) op.window[0] = 1;
        op.stride = {rng_.integer(1, 2), 1};
        return patch_.add(std::make_shared<Pool>(op), {x}, "pool");
      }
      case 5: return sum(unary(x), depthwise(x));
      default: return unary(depthwise(x));
    }
  }

  Rng& rng_;
  Patch patch_;
};

}  // namespace

Graph random_network(Rng& rng) { return Network(rng).make(); }

}  // namespace mote::testing
