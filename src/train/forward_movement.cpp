#include <algorithm>

#include "ops/concat.h"
#include "ops/depth_to_space.h"
#include "ops/gather.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"
#include "train/forward.h"

namespace mote::train {

namespace {

using torch::Tensor;

Tensor index_tensor(const std::vector<std::int64_t>& values) { return torch::tensor(values, at::kLong); }

// Mirrored or repeated borders of one axis.
Tensor borrow_border(const Tensor& x, std::int64_t axis, std::int64_t before, std::int64_t after,
                     bool reflect) {
  const std::int64_t extent = x.size(axis);
  std::vector<std::int64_t> sources;
  for (std::int64_t i = -before; i < extent + after; ++i) {
    if (i < 0)
      sources.push_back(reflect ? -i : 0);
    else
      sources.push_back(i < extent ? i : reflect ? 2 * (extent - 1) - i : extent - 1);
  }
  return x.index_select(axis, index_tensor(sources));
}

}  // namespace

ForwardResult forward_pad(const ForwardCall& call) {
  const auto& op = call.op<Pad>();
  Tensor x = call.x();
  if (op.mode == "constant") {
    std::vector<std::int64_t> widths;  // last axis first
    for (std::size_t a = op.before.size(); a-- > 0;) {
      widths.push_back(op.before[a]);
      widths.push_back(op.after[a]);
    }
    return {at::constant_pad_nd(x, widths, op.value)};
  }
  for (std::size_t a = 0; a < op.before.size(); ++a)
    if (op.before[a] > 0 || op.after[a] > 0)
      x = borrow_border(x, static_cast<std::int64_t>(a), op.before[a], op.after[a], op.mode == "reflect");
  return {x};
}

ForwardResult forward_concat(const ForwardCall& call) {
  return {at::cat(call.inputs, call.op<Concat>().axis)};
}

ForwardResult forward_split(const ForwardCall& call) {
  const auto& op = call.op<Split>();
  return at::split_with_sizes(call.x(), op.sizes, op.axis);
}

ForwardResult forward_slice(const ForwardCall& call) {
  const auto& op = call.op<Slice>();
  Tensor x = call.x();
  for (std::size_t a = 0; a < op.starts.size(); ++a) {
    const auto axis = static_cast<std::int64_t>(a);
    const bool whole = op.starts[a] == 0 && op.steps[a] == 1;
    if (whole && op.sizes[a] * (a == 0 ? call.batches : 1) == x.size(axis)) continue;
    if (op.steps[a] > 0) {
      x = x.slice(axis, op.starts[a], op.starts[a] + (op.sizes[a] - 1) * op.steps[a] + 1, op.steps[a]);
      continue;
    }
    std::vector<std::int64_t> sources;
    for (std::int64_t i = 0; i < op.sizes[a]; ++i) sources.push_back(op.starts[a] + i * op.steps[a]);
    x = x.index_select(axis, index_tensor(sources));
  }
  return {x};
}

ForwardResult forward_reshape(const ForwardCall& call) {
  std::vector<std::int64_t> shape = call.op<Reshape>().shape;
  if (!shape.empty()) shape[0] *= call.batches;
  return {call.x().reshape(shape)};
}

ForwardResult forward_transpose(const ForwardCall& call) {
  return {call.x().permute(call.op<Transpose>().permutation)};
}

ForwardResult forward_gather(const ForwardCall& call) {
  const std::int64_t axis = call.op<Gather>().axis;
  const Tensor& x = call.x();
  const Tensor indices = call.inputs[1].to(at::kLong);
  const std::int64_t extent = x.size(axis);
  const Tensor rows = at::clamp(at::where(indices < 0, indices + extent, indices), 0, extent - 1);
  std::vector<std::int64_t> shape = x.sizes().slice(0, static_cast<std::size_t>(axis)).vec();
  shape.insert(shape.end(), indices.sizes().begin(), indices.sizes().end());
  shape.insert(shape.end(), x.sizes().begin() + axis + 1, x.sizes().end());
  return {x.index_select(axis, rows.flatten()).reshape(shape)};
}

ForwardResult forward_resize(const ForwardCall& call) {
  const auto& op = call.op<Resize>();
  Tensor x = call.x();
  for (const int i : {0, 1}) {
    const std::int64_t axis = i + 1;
    const ResizeAxis cells = resize_axis(op, i, x.size(axis));
    const Tensor lower = x.index_select(axis, index_tensor(cells.lower));
    if (op.function == "nearest") {
      x = lower;
      continue;
    }
    std::vector<std::int64_t> along(4, 1);
    along[static_cast<std::size_t>(axis)] = -1;
    const Tensor weight = torch::tensor(cells.weight, at::kDouble).to(x.scalar_type()).view(along);
    x = lower + (x.index_select(axis, index_tensor(cells.upper)) - lower) * weight;
  }
  return {x};
}

ForwardResult forward_depth_to_space(const ForwardCall& call) {
  const auto& op = call.op<DepthToSpace>();
  const Tensor& x = call.x();
  const std::int64_t b = op.block, n = x.size(0), h = x.size(1), w = x.size(2), c = x.size(3);
  const bool dcr = op.mode == "DCR";
  if (op.function == "DepthToSpace") {
    const std::int64_t channels = c / (b * b);
    const Tensor y = dcr ? x.reshape({n, h, w, b, b, channels}).permute({0, 1, 3, 2, 4, 5})
                         : x.reshape({n, h, w, channels, b, b}).permute({0, 1, 4, 2, 5, 3});
    return {y.reshape({n, h * b, w * b, channels})};
  }
  const Tensor blocks = x.reshape({n, h / b, b, w / b, b, c});
  const Tensor y = dcr ? blocks.permute({0, 1, 3, 2, 4, 5}) : blocks.permute({0, 1, 3, 5, 2, 4});
  return {y.reshape({n, h / b, w / b, b * b * c})};
}

}  // namespace mote::train
