// Data movement: on the stored form where every runtime moves all integer types, on reals elsewhere.
#include <algorithm>

#include "base/error.h"
#include "format/onnx_export.h"
#include "ops/arg_max.h"
#include "ops/concat.h"
#include "ops/depth_to_space.h"
#include "ops/gather.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"

namespace mote::onnx_export {

namespace {

Layout image_layout(Export& e, ValueId v) {
  return e.type(v).shape.size() == 4 ? e.natural_layout(v) : Layout::kPlain;
}

// A transpose between the two layouts of an image only tells under which name the other one is known.
void write_transpose(Export& e, const Node& node) {
  const auto& op = *node.as<Transpose>();
  const ValueId x = node.inputs[0];
  const ValueId y = node.outputs[0];
  const bool per_axis = e.type(x).encoding.is_per_axis();
  if (!per_axis &&
      std::equal(op.permutation.begin(), op.permutation.end(), kToChannelsLast, kToChannelsLast + 4))
    return e.define_stored(y, e.stored(x), Layout::kChannelsFirst);
  if (!per_axis &&
      std::equal(op.permutation.begin(), op.permutation.end(), kToChannelsFirst, kToChannelsFirst + 4) &&
      e.exists(x, Layout::kChannelsFirst) && !e.graph().constant(x))
    return e.define_stored(y, e.stored(x, Layout::kChannelsFirst));
  const std::string result = e.name_for(y);
  set_integers(e.add("Transpose", {e.stored(x)}, {result}), "perm", op.permutation);
  e.define_stored(y, result);
}

// An image of one pixel or one channel has its elements in the same order in both layouts.
void write_reshape(Export& e, const Node& node) {
  const ValueId x = node.inputs[0];
  const Shape& in = e.type(x).shape;
  const bool same_order = in.size() == 4 && (in[3] == 1 || in[1] * in[2] == 1);
  const Layout layout = same_order ? e.natural_layout(x) : Layout::kPlain;
  const std::string result = e.name_for(node.outputs[0]);
  e.add("Reshape", {e.stored(x, layout), e.numbers(e.type(node.outputs[0]).shape)}, {result});
  e.define_stored(node.outputs[0], result);
}

void write_concat(Export& e, const Node& node) {
  const bool first = e.type(node.outputs[0]).shape.size() == 4 &&
                     std::any_of(node.inputs.begin(), node.inputs.end(),
                                 [&](ValueId v) { return e.natural_layout(v) == Layout::kChannelsFirst; });
  const Layout layout = first ? Layout::kChannelsFirst : Layout::kPlain;
  std::vector<std::string> inputs;
  for (const ValueId v : node.inputs) inputs.push_back(e.stored(v, layout));
  const std::string result = e.name_for(node.outputs[0], layout);
  set_integer(e.add("Concat", inputs, {result}), "axis", file_axis(node.as<Concat>()->axis, layout));
  e.define_stored(node.outputs[0], result, layout);
}

void write_split(Export& e, const Node& node) {
  const auto& op = *node.as<Split>();
  const Layout layout = image_layout(e, node.inputs[0]);
  std::vector<std::string> results;
  for (const ValueId v : node.outputs) results.push_back(e.name_for(v, layout));
  set_integer(e.add("Split", {e.stored(node.inputs[0], layout), e.numbers(op.sizes)}, results), "axis",
              file_axis(op.axis, layout));
  for (std::size_t i = 0; i < results.size(); ++i) e.define_stored(node.outputs[i], results[i], layout);
}

void write_slice(Export& e, const Node& node) {
  const auto& op = *node.as<Slice>();
  const Layout layout = image_layout(e, node.inputs[0]);
  Numbers ends, axes;
  for (std::size_t i = 0; i < op.starts.size(); ++i) {
    const std::int64_t end = op.starts[i] + op.sizes[i] * op.steps[i];
    ends.push_back(end < 0 ? -(std::int64_t{1} << 31)
                           : end);  // before the first element, not counted from the end
    axes.push_back(static_cast<std::int64_t>(i));
  }
  const std::string result = e.name_for(node.outputs[0], layout);
  e.add("Slice",
        {e.stored(node.inputs[0], layout), e.numbers(file_order(op.starts, layout)),
         e.numbers(file_order(ends, layout)), e.numbers(axes), e.numbers(file_order(op.steps, layout))},
        {result});
  e.define_stored(node.outputs[0], result, layout);
}

void write_gather(Export& e, const Node& node) {
  std::string indices = e.stored(node.inputs[1]);
  if (e.type(node.inputs[1]).encoding.bits() != 32) {  // ONNX takes int32 and int64 only
    const std::string wide = e.fresh(indices + "_s32");
    set_integer(e.add("Cast", {indices}, {wide}), "to", static_cast<int>(OnnxElement::kInt32));
    indices = wide;
  }
  const std::string result = e.name_for(node.outputs[0]);
  set_integer(e.add("Gather", {e.stored(node.inputs[0]), indices}, {result}), "axis",
              node.as<Gather>()->axis);
  e.define_stored(node.outputs[0], result);
}

void write_arg_max(Export& e, const Node& node) {
  const auto& op = *node.as<ArgMax>();
  const std::string positions = e.fresh(e.graph().value(node.outputs[0]).name + "_s64");
  auto& proto = e.add(op.function, {e.operand(node.inputs[0], Layout::kPlain)}, {positions});
  set_integer(proto, "axis", op.axis);
  set_integer(proto, "keepdims", op.keep_dims ? 1 : 0);
  set_integer(proto, "select_last_index", op.select_last ? 1 : 0);
  const std::string result = e.name_for(node.outputs[0]);
  set_integer(e.add("Cast", {positions}, {result}), "to", static_cast<int>(OnnxElement::kInt32));
  e.define_stored(node.outputs[0], result);
}

void write_pad(Export& e, const Node& node) {
  const auto& op = *node.as<Pad>();
  const ValueId x = node.inputs[0];
  const Layout layout = image_layout(e, x);
  Numbers pads = file_order(op.before, layout);
  const Numbers after = file_order(op.after, layout);
  pads.insert(pads.end(), after.begin(), after.end());
  std::vector<std::string> inputs{e.operand(x, layout), e.numbers(pads)};
  if (op.mode == "constant" && is_plain_integer(e.type(x).encoding)) {
    const TensorType scalar{{}, e.type(x).encoding, {}};
    inputs.push_back(e.initializer("pad", Tensor::integers(scalar, {op.integer_value(scalar.encoding)}),
                                   element_of(scalar.encoding, "pad")));
  } else if (op.mode == "constant") {
    inputs.push_back(e.number(op.value));
  }
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_padded");
  set_text(e.add("Pad", inputs, {y}), "mode", op.mode);
  e.define(node.outputs[0], y, layout);
}

void write_resize(Export& e, const Node& node) {
  const auto& op = *node.as<Resize>();
  const Shape& in = e.type(node.inputs[0]).shape;
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_resized");
  std::vector<std::string> inputs{e.operand(node.inputs[0], Layout::kChannelsFirst), ""};
  // half a cell further and rounded down is the nearest, halves up
  const bool shifted = op.coordinate == "tf_half_pixel_for_nn";
  if (shifted && (op.function != "nearest" || op.nearest != "floor"))
    throw UserError({"an operator cannot be written as ONNX", node.name,
                     "its coordinates exist there for nearest only", ""});
  // scales that are not the ratio of the extents matter, but not between aligned corners
  if (op.scale_h != 0 && op.scale_w != 0 && op.coordinate != "align_corners") {
    inputs.push_back(e.initializer("scales", Tensor::reals({4}, {1.0F, 1.0F, op.scale_h, op.scale_w}),
                                   OnnxElement::kFloat));
  } else {
    inputs.push_back("");
    inputs.push_back(e.numbers({in[0], in[3], op.height, op.width}));
  }
  auto& proto = e.add("Resize", inputs, {y});
  set_text(proto, "mode", op.function);
  set_text(proto, "coordinate_transformation_mode", shifted ? "half_pixel" : op.coordinate);
  if (op.function == "nearest") set_text(proto, "nearest_mode", shifted ? "round_prefer_ceil" : op.nearest);
  e.define(node.outputs[0], y, Layout::kChannelsFirst);
}

void write_depth_to_space(Export& e, const Node& node) {
  const auto& op = *node.as<DepthToSpace>();
  if (op.function == "SpaceToDepth" && op.mode != "DCR")
    throw UserError({"an operator cannot be written as ONNX", node.name,
                     "SpaceToDepth exists there in the order DCR only", ""});
  const std::string y = e.fresh(e.graph().value(node.outputs[0]).name + "_moved");
  auto& proto = e.add(op.function, {e.operand(node.inputs[0], Layout::kChannelsFirst)}, {y});
  set_integer(proto, "blocksize", op.block);
  if (op.function == "DepthToSpace") set_text(proto, "mode", op.mode);
  e.define(node.outputs[0], y, Layout::kChannelsFirst);
}

constexpr WriteRow kRows[] = {
    {"Transpose", write_transpose, 13},
    {"Reshape", write_reshape, 13},
    {"Concat", write_concat, 13},
    {"Split", write_split, 13},
    {"Slice", write_slice, 13},
    {"Gather", write_gather, 13},
    {"ArgMax", write_arg_max, 13},
    {"ArgMin", write_arg_max, 13},
    {"Pad", write_pad, 13},
    {"Resize", write_resize, 19},
    {"DepthToSpace", write_depth_to_space, 13},
    {"SpaceToDepth", write_depth_to_space, 13},
};

}  // namespace

std::span<const WriteRow> movement_rows() { return kRows; }

}  // namespace mote::onnx_export
