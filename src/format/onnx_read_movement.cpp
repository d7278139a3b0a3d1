// Operators that move elements: reshapes, transposes, pads, joins, repeats.
#include <algorithm>
#include <numeric>

#include "format/onnx_import.h"
#include "ops/concat.h"
#include "ops/depth_to_space.h"
#include "ops/pad.h"
#include "ops/slice.h"
#include "ops/split.h"

namespace mote::onnx_import {

namespace {

using Numbers = std::vector<std::int64_t>;

void read_reshape(NodeImport& node) {
  const ValueId x = node.input(0);
  const Shape in = node.shape(x);
  Shape shape = node.integers_of("shape", 1).value_or(Shape{});
  const bool keep_zero = node.integer("allowzero", 0) != 0;
  std::int64_t known = 1;
  std::ptrdiff_t open = -1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !keep_zero) {
      if (i >= in.size())
        node.fail("the new shape copies axis " + std::to_string(i) + " of " + to_string(in));
      shape[i] = in[i];
    }
    if (shape[i] < -1 || (shape[i] == -1 && open >= 0)) node.fail("the new shape is " + to_string(shape));
    if (shape[i] == -1)
      open = static_cast<std::ptrdiff_t>(i);
    else
      known = element_count({known, shape[i]});
  }
  if (open >= 0) {
    const std::int64_t count = node.type(x).elements();
    if (known == 0 || count % known != 0)
      node.fail("the new shape " + to_string(shape) + " does not fit " + to_string(in));
    shape[static_cast<std::size_t>(open)] = count / known;
  }
  node.set_output(0, node.reshape(x, shape));
}

void read_flatten(NodeImport& node) {
  const ValueId x = node.input(0);
  const Shape& in = node.shape(x);
  const std::int64_t axis =
      node.axis(node.integer("axis", 1), node.rank(x) + 1) - (node.integer("axis", 1) < 0 ? 1 : 0);
  if (axis < 0) node.fail("its axis does not exist");
  const std::int64_t rows = element_count(Shape(in.begin(), in.begin() + axis));
  const std::int64_t columns = element_count(Shape(in.begin() + axis, in.end()));
  node.set_output(0, node.reshape(x, {rows, columns}));
}

void read_squeeze(NodeImport& node) {
  const ValueId x = node.input(0);
  const Shape& in = node.shape(x);
  const auto axes = node.integers_of("axes", 1);
  std::vector<bool> dropped(in.size(), false);
  for (std::size_t i = 0; i < in.size() && !axes; ++i) dropped[i] = in[i] == 1;
  for (const std::int64_t a : axes.value_or(Numbers{}))
    dropped[static_cast<std::size_t>(node.axis(a, node.rank(x)))] = true;
  Shape shape;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!dropped[i]) shape.push_back(in[i]);
    if (dropped[i] && in[i] != 1)
      node.fail("axis " + std::to_string(i) + " of " + to_string(in) + " is not 1");
  }
  node.set_output(0, node.reshape(x, shape));
}

void read_unsqueeze(NodeImport& node) {
  const ValueId x = node.input(0);
  Numbers axes = node.integers_of("axes", 1).value_or(Numbers{});
  for (std::int64_t& a : axes) a = node.axis(a, node.rank(x) + static_cast<std::int64_t>(axes.size()));
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) node.fail("its axes repeat");
  Shape shape = node.shape(x);
  for (const std::int64_t a : axes) shape.insert(shape.begin() + a, 1);
  node.set_output(0, node.reshape(x, shape));
}

void read_transpose(NodeImport& node) {
  const ValueId x = node.input(0);
  Numbers permutation = node.integers("perm");
  if (permutation.empty()) {
    permutation.resize(node.shape(x).size());
    std::iota(permutation.rbegin(), permutation.rend(), 0);
  }
  Numbers sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<std::int64_t>(i) || sorted.size() != node.shape(x).size())
      node.fail("perm is no permutation of the axes of " + to_string(node.shape(x)));
  node.set_output(0, node.transpose(x, permutation));
}

void read_concat(NodeImport& node) {
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < node.input_count(); ++i) inputs.push_back(node.input(i));
  if (inputs.empty()) node.fail("it has no inputs");
  Concat op;
  op.axis = node.axis(node.integer("axis", 0), node.rank(inputs[0]));
  const auto is_empty = [&](ValueId v) {
    return node.type(v).elements() == 0 && node.shape(v)[static_cast<std::size_t>(op.axis)] == 0;
  };
  const auto last = std::remove_if(inputs.begin() + 1, inputs.end(), is_empty);
  inputs.erase(last, inputs.end());
  if (inputs.size() > 1 && is_empty(inputs[0])) inputs.erase(inputs.begin());
  node.set_output(0, inputs.size() == 1 ? inputs[0] : node.add(op_of(op), inputs));
}

void read_split(NodeImport& node) {
  const ValueId x = node.input(0);
  Split op;
  op.axis = node.axis(node.integer("axis", 0), node.rank(x));
  const std::int64_t extent = node.shape(x)[static_cast<std::size_t>(op.axis)];
  if (const auto sizes = node.integers_of("split", 1)) {
    op.sizes = *sizes;
  } else {
    const auto parts = static_cast<std::int64_t>(node.output_count());
    if (parts == 0 || node.integer("num_outputs", parts) != parts)
      node.fail("num_outputs differs from its outputs");
    const std::int64_t size = (extent + parts - 1) / parts;
    for (std::int64_t i = 0; i < parts; ++i)
      op.sizes.push_back(std::clamp<std::int64_t>(extent - i * size, 0, size));
  }
  const bool legal =
      std::all_of(op.sizes.begin(), op.sizes.end(), [&](std::int64_t s) { return s >= 0 && s <= extent; });
  if (op.sizes.size() != node.output_count() || !legal ||
      std::accumulate(op.sizes.begin(), op.sizes.end(), std::int64_t{0}) != extent)
    node.fail("the parts " + to_string(op.sizes) + " do not make up axis " + std::to_string(op.axis) +
              " of " + to_string(node.shape(x)));
  const auto outputs = node.add_all(op_of(op), {x});
  for (std::size_t i = 0; i < outputs.size(); ++i) node.set_output(i, outputs[i]);
}

// Pads before and after each axis of x, in the attribute form (before opset 11) or the input form.
struct Pads {
  Numbers before, after;
};

Pads read_pads(NodeImport& node, ValueId x) {
  const std::size_t rank = node.shape(x).size();
  const Numbers given = node.integers_of("pads", 1).value_or(Numbers{});
  Numbers axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (node.has_input(3)) axes = node.integer_input(3);
  if (given.size() != 2 * axes.size())
    node.fail("it has " + std::to_string(given.size()) + " pads for " + std::to_string(axes.size()) +
              " axes");
  Pads pads{Numbers(rank, 0), Numbers(rank, 0)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(node.axis(axes[i], static_cast<std::int64_t>(rank)));
    pads.before[axis] = given[i];
    pads.after[axis] = given[axes.size() + i];
  }
  return pads;
}

// Negative pads cut.
ValueId crop(NodeImport& node, ValueId x, Pads& pads) {
  Slice op;
  op.sizes = node.shape(x);
  op.starts.assign(op.sizes.size(), 0);
  op.steps.assign(op.sizes.size(), 1);
  bool needed = false;
  for (std::size_t i = 0; i < op.sizes.size(); ++i)
    for (Numbers* side : {&pads.before, &pads.after}) {
      std::int64_t& pad = (*side)[i];
      if (pad >= 0) continue;
      if (-pad > op.sizes[i]) node.fail("it cuts more than axis " + std::to_string(i) + " has");
      op.sizes[i] += pad;
      if (side == &pads.before) op.starts[i] = -pad;
      pad = 0;
      needed = true;
    }
  return needed ? node.add(op_of(op), {x}) : x;
}

ValueId wrap(NodeImport& node, ValueId x, const Pads& pads) {
  for (std::size_t i = 0; i < pads.before.size(); ++i) {
    const std::int64_t extent = node.shape(x)[i];
    if ((pads.before[i] == 0 && pads.after[i] == 0) || extent == 0) continue;
    node.spend(pads.before[i] + extent + pads.after[i]);
    Numbers indices;
    for (std::int64_t k = -pads.before[i]; k < extent + pads.after[i]; ++k)
      indices.push_back((k % extent + extent) % extent);
    x = node.gather(x, static_cast<std::int64_t>(i), indices);
  }
  return x;
}

void read_pad(NodeImport& node) {
  ValueId x = node.input(0);
  Pads pads = read_pads(node, x);
  Pad op;
  op.mode = node.text("mode", "constant");
  op.value = node.real("value", 0);
  if (node.has_input(2)) op.value = static_cast<float>(node.scalar_input(2));
  x = crop(node, x, pads);
  if (op.mode == "wrap") return node.set_output(0, wrap(node, x, pads));
  op.before = pads.before;
  op.after = pads.after;
  node.set_output(0, node.add(op_of(op), {x}));
}

void read_depth_to_space(NodeImport& node) {
  DepthToSpace op;
  op.function = node.op_type();
  op.block = node.integer("blocksize", 1);
  op.mode = node.text("mode", "DCR");
  const ValueId x = node.input(0);
  if (node.rank(x) != 4) node.fail("its input has " + std::to_string(node.rank(x)) + " axes");
  node.set_output(0, from_nhwc(node, node.add(op_of(op), {to_nhwc(node, x)}), 4));
}

void read_expand(NodeImport& node) {
  ValueId x = node.input(0);
  Shape target = node.integer_input(1);
  Shape in = node.shape(x);
  if (target.size() < in.size()) target.insert(target.begin(), in.size() - target.size(), 1);
  in.insert(in.begin(), target.size() - in.size(), 1);
  element_count(target);
  x = node.reshape(x, in);
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == target[i] || target[i] == 1) continue;
    if (in[i] != 1) node.fail("the shape " + to_string(in) + " does not expand to " + to_string(target));
    node.spend(target[i]);
    x = node.gather(x, static_cast<std::int64_t>(i), Numbers(static_cast<std::size_t>(target[i]), 0));
  }
  node.set_output(0, x);
}

void read_tile(NodeImport& node) {
  ValueId x = node.input(0);
  const Numbers repeats = node.integer_input(1);
  if (repeats.size() != node.shape(x).size())
    node.fail("it repeats " + std::to_string(repeats.size()) + " axes");
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] == 1) continue;
    const std::int64_t extent = node.shape(x)[i];
    node.spend(element_count({extent, repeats[i]}));
    Numbers indices;
    indices.reserve(static_cast<std::size_t>(extent * repeats[i]));
    for (std::int64_t k = 0; k < extent * repeats[i]; ++k) indices.push_back(k % extent);
    x = node.gather(x, static_cast<std::int64_t>(i), indices);
  }
  node.set_output(0, x);
}

constexpr ConvertRow kRows[] = {
    {"Reshape", read_reshape},
    {"Flatten", read_flatten},
    {"Squeeze", read_squeeze},
    {"Unsqueeze", read_unsqueeze},
    {"Transpose", read_transpose},
    {"Concat", read_concat},
    {"Split", read_split},
    {"Pad", read_pad},
    {"DepthToSpace", read_depth_to_space},
    {"SpaceToDepth", read_depth_to_space},
    {"Expand", read_expand},
    {"Tile", read_tile},
};

}  // namespace

std::span<const ConvertRow> movement_rows() { return kRows; }

}  // namespace mote::onnx_import
