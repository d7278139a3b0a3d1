// What convolution and pooling share: image layouts and the padding of windows.
#include <numeric>

#include "format/onnx_import.h"

namespace mote::onnx_import {

ValueId to_nhwc(NodeImport& node, ValueId x) {
  const Shape& shape = node.shape(x);
  if (shape.size() == 3) x = node.reshape(x, {shape[0], shape[1], 1, shape[2]});
  if (node.rank(x) != 4)
    node.fail(
        "its input has " + std::to_string(node.rank(x)) + " axes; images have 3 (one spatial axis) or 4",
        "use one- or two-dimensional operators");
  return node.transpose(x, {0, 2, 3, 1});
}

ValueId from_nhwc(NodeImport& node, ValueId y, std::int64_t onnx_rank) {
  y = node.transpose(y, {0, 3, 1, 2});
  const Shape& shape = node.shape(y);
  return onnx_rank == 3 ? node.reshape(y, {shape[0], shape[1], shape[3]}) : y;
}

std::vector<std::int64_t> per_axis_attribute(NodeImport& node, std::string_view name, std::size_t axes,
                                             std::int64_t otherwise) {
  constexpr std::int64_t kLargest = 1 << 24;
  auto values = node.integers(name);
  if (values.empty()) values.assign(axes, otherwise);
  if (values.size() != axes)
    node.fail(std::string(name) + " has " + std::to_string(values.size()) + " numbers for " +
              std::to_string(axes) + " spatial axes");
  for (const std::int64_t v : values)
    if (v < (otherwise == 0 ? 0 : 1) || v > kLargest)
      node.fail(std::string(name) + " contains " + std::to_string(v));
  return values;
}

std::vector<std::int64_t> window_padding(NodeImport& node, std::span<const std::int64_t> extents,
                                         std::span<const std::int64_t> window,
                                         std::span<const std::int64_t> stride,
                                         std::span<const std::int64_t> dilation) {
  const std::size_t axes = extents.size();
  const std::string mode = node.text("auto_pad", "NOTSET");
  if (mode == "NOTSET") return per_axis_attribute(node, "pads", 2 * axes, 0);
  std::vector<std::int64_t> padding(2 * axes, 0);
  if (mode == "VALID") return padding;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") node.fail("auto_pad is \"" + mode + "\"");
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t output = (extents[i] + stride[i] - 1) / stride[i];
    const std::int64_t total =
        std::max<std::int64_t>((output - 1) * stride[i] + dilation[i] * (window[i] - 1) + 1 - extents[i], 0);
    padding[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    padding[axes + i] = total - padding[i];
  }
  return padding;
}

}  // namespace mote::onnx_import
