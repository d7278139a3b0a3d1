// Slice and Gather.
#include <algorithm>

#include "format/onnx_import.h"
#include "ops/gather.h"
#include "ops/slice.h"

namespace mote::onnx_import {

namespace {

using Numbers = std::vector<std::int64_t>;

// One axis of a Slice as ONNX counts it: negative positions from the end, everything clamped to the axis.
struct Range {
  std::int64_t start, size, step;
};

Range clamp_range(std::int64_t extent, std::int64_t start, std::int64_t end, std::int64_t step) {
  // beyond +-2^40 nothing changes; within it no sum overflows
  constexpr std::int64_t kFar = std::int64_t{1} << 40;
  step = std::clamp(step, -kFar, kFar);
  const auto place = [&](std::int64_t p, std::int64_t low, std::int64_t high) {
    p = std::clamp(p, -kFar, kFar);
    return std::clamp(p < 0 ? p + extent : p, low, std::max(low, high));
  };
  if (step > 0) {
    start = place(start, 0, extent);
    end = place(end, 0, extent);
    return {start, std::max<std::int64_t>((end - start + step - 1) / step, 0), step};
  }
  start = place(start, 0, extent - 1);
  end = place(end, -1, extent - 1);
  return {start, extent == 0 ? 0 : std::max<std::int64_t>((start - end - step - 1) / -step, 0), step};
}

void read_slice(NodeImport& node) {
  const ValueId x = node.input(0);
  const Numbers starts = node.integers_of("starts", 1).value_or(Numbers{});
  const Numbers ends = node.integers_of("ends", 2).value_or(Numbers{});
  Numbers axes = node.integers_of("axes", 3).value_or(Numbers{});
  const Numbers steps = node.has_input(4) ? node.integer_input(4) : Numbers(starts.size(), 1);
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    node.fail("starts, ends, axes and steps have different lengths");
  Slice op;
  op.sizes = node.shape(x);
  op.starts.assign(op.sizes.size(), 0);
  op.steps.assign(op.sizes.size(), 1);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(node.axis(axes[i], node.rank(x)));
    if (steps[i] == 0) node.fail("a step is 0");
    const Range range = clamp_range(node.shape(x)[axis], starts[i], ends[i], steps[i]);
    op.starts[axis] = range.size > 0 ? range.start : 0;
    op.sizes[axis] = range.size;
    op.steps[axis] = range.size > 1 ? range.step : 1;
  }
  node.set_output(
      0, op.sizes == node.shape(x) && op.steps == Numbers(op.steps.size(), 1) ? x : node.add(op_of(op), {x}));
}

void read_gather(NodeImport& node) {
  const ValueId data = node.input(0);
  Gather op;
  op.axis = node.axis(node.integer("axis", 0), node.rank(data));
  const ValueId indices = node.input(1);
  if (const Tensor* tensor = node.constant(indices)) {
    const std::int64_t extent = node.shape(data)[static_cast<std::size_t>(op.axis)];
    for (const std::int64_t i : widen(*tensor).integer)
      if (i < -extent || i >= extent)
        node.fail("the index " + std::to_string(i) + " is outside " + std::to_string(extent) + " rows");
  }
  node.set_output(0, node.add(op_of(op), {data, indices}));
}

constexpr ConvertRow kRows[] = {{"Slice", read_slice}, {"Gather", read_gather}};

}  // namespace

std::span<const ConvertRow> indexing_rows() { return kRows; }

}  // namespace mote::onnx_import
