#include "zoo/layers.h"

#include <cmath>

#include "ops/batch_normalization.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/split.h"
#include "ops/transpose.h"
#include "ops/unary.h"

namespace mote::zoo {

namespace {

std::vector<std::int64_t> padding_of(const Window& w) {
  if (!w.padded) return {0, 0, 0, 0};
  return {(w.height - 1) / 2, (w.width - 1) / 2, w.height / 2, w.width / 2};
}

// Cells behind the end that let a last, partial window fit.
std::int64_t missing(std::int64_t extent, std::int64_t window, std::int64_t stride) {
  const std::int64_t rest = (extent - window) % stride;
  return extent > window && rest != 0 ? stride - rest : 0;
}

}  // namespace

Layers::Layers(const ZooSettings& settings, Shape input)
    : rng_(settings.seed()), input_(patch_.add_input("input", {std::move(input), Encoding::real(), {}})) {
  patch_.set_name(std::string(settings.network()));
}

ValueId Layers::weights(Shape shape, std::int64_t fan_in, const std::string& name) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in));
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (float& value : values) value = static_cast<float>(deviation * rng_.normal());
  return patch_.add_constant(name + "/weight", Tensor::reals(std::move(shape), values));
}

ValueId Layers::vector(std::int64_t extent, float value, const std::string& name) {
  return patch_.add_constant(
      name, Tensor::reals({extent}, std::vector<float>(static_cast<std::size_t>(extent), value)));
}

ValueId Layers::conv(ValueId x, std::int64_t channels, const Window& window, const std::string& name,
                     bool bias) {
  auto op = std::make_shared<Conv2D>();
  op->stride = {window.stride, window.stride};
  op->padding = padding_of(window);
  const std::int64_t inputs = this->channels(x);
  std::vector<ValueId> operands{x, weights({channels, window.height, window.width, inputs},
                                           window.height * window.width * inputs, name)};
  if (bias) operands.push_back(vector(channels, 0, name + "/bias"));
  return patch_.add(std::move(op), std::move(operands), name);
}

ValueId Layers::depthwise(ValueId x, const Window& window, const std::string& name) {
  auto op = std::make_shared<DepthwiseConv2D>();
  op->stride = {window.stride, window.stride};
  op->padding = padding_of(window);
  const ValueId w =
      weights({1, window.height, window.width, channels(x)}, window.height * window.width, name);
  return patch_.add(std::move(op), {x, w}, name);
}

ValueId Layers::connected(ValueId x, std::int64_t units, const std::string& name, bool bias) {
  std::vector<ValueId> operands{x, weights({units, channels(x)}, channels(x), name)};
  if (bias) operands.push_back(vector(units, 0, name + "/bias"));
  return patch_.add(std::make_shared<FullyConnected>(), std::move(operands), name);
}

ValueId Layers::batch_norm(ValueId x, const std::string& name) {
  const std::int64_t c = channels(x);
  return patch_.add(std::make_shared<BatchNormalization>(),
                    {x, vector(c, 1, name + "/gamma"), vector(c, 0, name + "/beta"),
                     vector(c, 0, name + "/mean"), vector(c, 1, name + "/variance")},
                    name);
}

ValueId Layers::activation(ValueId x, const std::string& name, const std::string& function) {
  auto op = std::make_shared<Unary>();
  op->function = function;
  return patch_.add(std::move(op), {x}, name);
}

ValueId Layers::add(ValueId a, ValueId b, const std::string& name) {
  return patch_.add(std::make_shared<Binary>(), {a, b}, name);
}

ValueId Layers::concat(const std::vector<ValueId>& parts, const std::string& name) {
  auto op = std::make_shared<Concat>();
  op->axis = static_cast<std::int64_t>(shape(parts.front()).size()) - 1;
  return patch_.add(std::move(op), parts, name);
}

std::pair<ValueId, ValueId> Layers::halves(ValueId x, const std::string& name) {
  const TensorType type = patch_.type(x);
  const std::int64_t half = type.shape.back() / 2;
  auto op = std::make_shared<Split>();
  op->axis = static_cast<std::int64_t>(type.shape.size()) - 1;
  op->sizes = {half, half};
  TensorType part = type;
  part.shape.back() = half;
  const std::vector<ValueId> parts = patch_.add_node(std::move(op), {x}, {part, part}, name);
  return {parts[0], parts[1]};
}

ValueId Layers::reshape(ValueId x, Shape shape, const std::string& name) {
  auto op = std::make_shared<Reshape>();
  op->shape = std::move(shape);
  return patch_.add(std::move(op), {x}, name);
}

ValueId Layers::transpose(ValueId x, std::vector<std::int64_t> permutation, const std::string& name) {
  auto op = std::make_shared<Transpose>();
  op->permutation = std::move(permutation);
  return patch_.add(std::move(op), {x}, name);
}

ValueId Layers::flatten(ValueId x, const std::string& name) {
  return reshape(x, {1, element_count(shape(x))}, name);
}

ValueId Layers::pool(ValueId x, const std::string& function, const Window& window, const std::string& name,
                     bool partial) {
  auto op = std::make_shared<Pool>();
  op->function = function;
  op->window = {window.height, window.width};
  op->stride = {window.stride, window.stride};
  op->padding = padding_of(window);
  if (partial)
    op->ceil_extra = {missing(shape(x)[1], window.height, window.stride),
                      missing(shape(x)[2], window.width, window.stride)};
  return patch_.add(std::move(op), {x}, name);
}

ValueId Layers::global_average(ValueId x, const std::string& name) {
  auto op = std::make_shared<Reduce>();
  op->axes = {1, 2};
  op->keep_dims = false;
  return patch_.add(std::move(op), {x}, name);
}

ValueId Layers::conv_bn(ValueId x, std::int64_t channels, const Window& window, const std::string& name) {
  return batch_norm(conv(x, channels, window, name + "/conv"), name + "/bn");
}

ValueId Layers::conv_bn_relu(ValueId x, std::int64_t channels, const Window& window, const std::string& name,
                             const std::string& function) {
  return activation(conv_bn(x, channels, window, name), name + "/relu", function);
}

ValueId Layers::depthwise_bn(ValueId x, const Window& window, const std::string& name) {
  return batch_norm(depthwise(x, window, name + "/conv"), name + "/bn");
}

ValueId Layers::depthwise_bn_relu(ValueId x, const Window& window, const std::string& name,
                                  const std::string& function) {
  return activation(depthwise_bn(x, window, name), name + "/relu", function);
}

ValueId Layers::bn_relu(ValueId x, const std::string& name) {
  return activation(batch_norm(x, name + "/bn"), name + "/relu");
}

Graph Layers::finish(ValueId output) && {
  patch_.set_value_name(output, "output");
  patch_.add_output(output);
  return std::move(patch_).apply();
}

}  // namespace mote::zoo
