// MaxPool, AveragePool and the global pools, with one to three spatial axes. A window over depth, height and
// width is a window over height and width, then one over depth: the maximum of maxima, and, as the number of
// counted cells is a product too, the average of averages.
#include <algorithm>
#include <numeric>

#include "format/onnx_import.h"
#include "ops/pool.h"

namespace mote::onnx_import {

namespace {

struct PoolAxis {
  std::int64_t window, stride, dilation, begin, end, ceil_extra;
};

// Cells added at the end so that a last partial window fits, unless it would start in the padding.
std::int64_t ceil_cells(std::int64_t extent, const PoolAxis& a) {
  const std::int64_t span = a.dilation * (a.window - 1) + 1;
  const std::int64_t padded = extent + a.begin + a.end;
  if (padded < span) return 0;
  std::int64_t output = (padded - span + a.stride - 1) / a.stride + 1;
  if ((output - 1) * a.stride >= extent + a.begin) --output;
  return std::max<std::int64_t>((output - 1) * a.stride + span - padded, 0);
}

std::vector<PoolAxis> read_axes(NodeImport& node, const Shape& shape) {
  const std::vector<std::int64_t> extents(shape.begin() + 2, shape.end());
  const std::size_t axes = extents.size();
  if (!node.has_attribute("kernel_shape")) node.fail("kernel_shape is missing");
  const auto window = per_axis_attribute(node, "kernel_shape", axes, 1);
  const auto stride = per_axis_attribute(node, "strides", axes, 1);
  const auto dilation = per_axis_attribute(node, "dilations", axes, 1);
  const auto padding = window_padding(node, extents, window, stride, dilation);
  const bool ceil_mode = node.integer("ceil_mode", 0) != 0;
  std::vector<PoolAxis> result;
  for (std::size_t i = 0; i < axes; ++i) {
    result.push_back({window[i], stride[i], dilation[i], padding[i], padding[axes + i], 0});
    if (ceil_mode) result.back().ceil_extra = ceil_cells(extents[i], result.back());
  }
  return result;
}

OperatorPtr planar_pool(std::string_view function, const PoolAxis& h, const PoolAxis& w, bool count_padding) {
  Pool pool;
  pool.function = function;
  pool.window = {h.window, w.window};
  pool.stride = {h.stride, w.stride};
  pool.dilation = {h.dilation, w.dilation};
  pool.padding = {h.begin, w.begin, h.end, w.end};
  pool.ceil_extra = {h.ceil_extra, w.ceil_extra};
  pool.count_include_pad = count_padding;
  return op_of(pool);
}

constexpr PoolAxis kNoWindow{1, 1, 1, 0, 0, 0};

ValueId volumetric_pool(NodeImport& node, std::string_view function, ValueId x,
                        const std::vector<PoolAxis>& axes, bool count) {
  const Shape s = node.shape(x);  // N C D H W -> (N D) H W C
  x = node.reshape(node.transpose(x, {0, 2, 3, 4, 1}), {s[0] * s[2], s[3], s[4], s[1]});
  x = node.add(planar_pool(function, axes[1], axes[2], count), {x});
  const Shape plane = node.shape(x);
  x = node.reshape(x, {s[0], s[2], plane[1] * plane[2], s[1]});
  x = node.add(planar_pool(function, axes[0], kNoWindow, count), {x});
  x = node.reshape(x, {s[0], node.shape(x)[1], plane[1], plane[2], s[1]});
  return node.transpose(x, {0, 4, 1, 2, 3});
}

void read_pool(NodeImport& node) {
  const ValueId x = node.input(0);
  const std::int64_t rank = node.rank(x);
  const std::string function = node.op_type();
  if (rank < 3 || rank > 5)
    node.fail("its input has " + std::to_string(rank) + " axes; 3 to 5 are supported");
  if (node.has_output(1))
    node.fail("the positions of the maxima are asked for", "use MaxPool with one output");
  const auto axes = read_axes(node, node.shape(x));
  const bool count = node.integer("count_include_pad", 0) != 0;
  if (rank == 5) return node.set_output(0, volumetric_pool(node, function, x, axes, count));
  const PoolAxis& h = rank == 4 ? axes[0] : kNoWindow;
  const ValueId y = node.add(planar_pool(function, h, axes.back(), count), {to_nhwc(node, x)});
  node.set_output(0, from_nhwc(node, y, rank));
}

void read_global_pool(NodeImport& node) {
  const ValueId x = node.input(0);
  const std::int64_t rank = node.rank(x);
  if (rank < 3) node.fail("its input has " + std::to_string(rank) + " axes");
  const bool is_max = node.op_type() == "GlobalMaxPool";
  if (rank > 4) {
    std::vector<std::int64_t> axes(static_cast<std::size_t>(rank) - 2);
    std::iota(axes.begin(), axes.end(), 2);
    return node.set_output(0, node.reduce(is_max ? "Max" : "Mean", x, axes, true));
  }
  const ValueId image = to_nhwc(node, x);
  PoolAxis h = kNoWindow;
  PoolAxis w = kNoWindow;
  h.window = node.shape(image)[1];
  w.window = node.shape(image)[2];
  const ValueId y = node.add(planar_pool(is_max ? "MaxPool" : "AveragePool", h, w, false), {image});
  node.set_output(0, from_nhwc(node, y, rank));
}

constexpr ConvertRow kRows[] = {
    {"MaxPool", read_pool},
    {"AveragePool", read_pool},
    {"GlobalMaxPool", read_global_pool},
    {"GlobalAveragePool", read_global_pool},
};

}  // namespace

std::span<const ConvertRow> pool_rows() { return kRows; }

}  // namespace mote::onnx_import
