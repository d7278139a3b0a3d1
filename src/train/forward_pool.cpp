#include <limits>

#include "ops/pool.h"
#include "ops/reduce.h"
#include "train/forward.h"

namespace mote::train {

namespace {

bool is_plain(const Pool& op) {
  return op.dilation == std::vector<std::int64_t>{1, 1} && op.ceil_extra == std::vector<std::int64_t>{0, 0};
}
bool has_padding(const Pool& op) { return op.padding != std::vector<std::int64_t>{0, 0, 0, 0}; }

// The padding of the operator, and behind it the cells that only complete the last window.
torch::Tensor extended(const Pool& op, const torch::Tensor& x, double padding, double extra) {
  const auto& p = op.padding;
  const auto inner = at::constant_pad_nd(x, {p[1], p[3], p[0], p[2]}, padding);
  return at::constant_pad_nd(inner, {0, op.ceil_extra[1], 0, op.ceil_extra[0]}, extra);
}

torch::Tensor max_pool(const Pool& op, const torch::Tensor& x) {
  // a window without any cell of the image gives the lowest value
  constexpr double kLowest = std::numeric_limits<float>::lowest();
  const bool extend = has_padding(op) || !is_plain(op);
  return at::max_pool2d(extend ? extended(op, x, kLowest, kLowest) : x, op.window, op.stride, {0, 0},
                        op.dilation);
}

// Sums of the windows of x, already extended.
torch::Tensor window_sums(const Pool& op, const torch::Tensor& x) {
  const auto ones = at::ones({x.size(1), 1, op.window[0], op.window[1]}, x.options());
  return at::conv2d(x, ones, torch::Tensor(), op.stride, at::IntArrayRef{0, 0}, op.dilation, x.size(1));
}

torch::Tensor average_pool(const Pool& op, const torch::Tensor& x) {
  if (is_plain(op) && !has_padding(op)) return at::avg_pool2d(x, op.window, op.stride);
  const auto image = at::ones({1, 1, x.size(2), x.size(3)}, x.options());
  const auto counts = window_sums(op, extended(op, image, op.count_include_pad ? 1 : 0, 0));
  return window_sums(op, extended(op, x, 0, 0)) / at::clamp_min(counts, 1);
}

}  // namespace

ForwardResult forward_pool(const ForwardCall& call) {
  const auto& op = call.op<Pool>();
  const auto x = channels_second(call.x());
  return {channels_last(
      clamped(op.is_max() ? max_pool(op, x) : average_pool(op, x), op.clamp_min, op.clamp_max))};
}

ForwardResult forward_reduce(const ForwardCall& call) {
  const auto& op = call.op<Reduce>();
  if (op.axes.empty()) return {call.x()};
  if (op.function == "Sum") return {at::sum(call.x(), op.axes, op.keep_dims)};
  if (op.function == "Max") return {at::amax(call.x(), op.axes, op.keep_dims)};
  if (op.function == "Min") return {at::amin(call.x(), op.axes, op.keep_dims)};
  if (op.function == "Mean") return {at::mean(call.x(), op.axes, op.keep_dims)};
  torch::Tensor product = call.x();
  for (auto axis = op.axes.rbegin(); axis != op.axes.rend(); ++axis)
    product = at::prod(product, *axis, op.keep_dims);
  return {product};
}

}  // namespace mote::train
