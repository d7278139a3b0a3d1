// Operators that move elements: shapes, axes, joining, repeating, padding.
#include <algorithm>
#include <numeric>

#include "format/tflite_import.h"
#include "format/tflite_table.h"
#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/pad.h"
#include "ops/split.h"
#include "ops/transpose.h"

namespace mote::tflite {

namespace {

constexpr std::int64_t kMaxIndices = 1 << 20;

mote::Tensor index_list(const std::vector<std::int64_t>& indices) {
  return mote::Tensor::integers(
      {{static_cast<std::int64_t>(indices.size())}, Encoding::integer(32, true), {}}, indices);
}

// x with its rows along `axis` replaced by those of the list.
ValueId select(Call& call, ValueId x, std::size_t axis, const std::vector<std::int64_t>& indices) {
  const auto op = make<Gather>([&](Gather& o) { o.axis = static_cast<std::int64_t>(axis); });
  return call.emit(op, {x, call.add_constant(index_list(indices))});
}

ValueId concat(Call& call, std::int64_t axis, const std::vector<ValueId>& inputs) {
  return call.emit(make<Concat>([&](Concat& o) { o.axis = axis; }), inputs);
}

void finish_split(Call& call, ValueId x, std::int64_t axis, const std::vector<std::int64_t>& sizes) {
  const auto parts = call.emit_all(make<Split>([&](Split& o) {
                                     o.axis = axis;
                                     o.sizes = sizes;
                                   }),
                                   {x});
  for (std::size_t k = 0; k < parts.size(); ++k) call.finish(parts[k], k);
}

// {before, after} of each axis.
std::vector<std::vector<std::int64_t>> padding_amounts(Call& call, std::size_t rank) {
  const auto list = call.integers(1);
  if (list.size() != 2 * rank)
    call.refuse("it pads " + std::to_string(list.size() / 2) + " axes of " + std::to_string(rank));
  std::vector<std::vector<std::int64_t>> amounts(2);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] < 0) call.refuse("it pads by " + std::to_string(list[i]));
    amounts[i % 2].push_back(list[i]);
  }
  return amounts;
}

}  // namespace

void read_reshape(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  Shape shape = call.declared_output().shape;
  if (call.has_input(1) && call.constant(call.input(1))) {
    shape = call.integers(1);
  } else if (!call.has_input(1)) {
    const auto* given = call.options<ReshapeOptions>().new_shape();
    if (given) shape.assign(given->begin(), given->end());
  }
  const std::int64_t elements = call.type(x).elements();
  std::int64_t known = 1;
  for (const std::int64_t extent : shape) {
    if (extent < -1 || (extent > 0 && known > kMaxElements / extent))
      call.refuse("its shape is " + to_string(shape));
    if (extent >= 0) known *= extent;
  }
  if (std::count(shape.begin(), shape.end(), -1) > 1 || known == 0 || elements % known != 0)
    call.refuse("an input of shape " + to_string(call.shape(x)) + " does not become " + to_string(shape));
  std::replace(shape.begin(), shape.end(), std::int64_t{-1}, elements / known);
  call.finish(call.reshape(x, shape));
}

void read_squeeze(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  const Shape from = call.shape(x);
  const auto* listed = call.options<SqueezeOptions>().squeeze_dims();
  std::vector<bool> drop(from.size(), !listed || listed->size() == 0);
  if (listed)
    for (const std::int32_t axis : *listed)
      drop[static_cast<std::size_t>(normalized_axis(call, axis, from.size()))] = true;
  Shape shape;
  for (std::size_t i = 0; i < from.size(); ++i)
    if (!drop[i] || (from[i] != 1 && (!listed || listed->size() == 0))) shape.push_back(from[i]);
  if (element_count(shape) != element_count(from))
    call.refuse("it drops an axis of " + to_string(from) + " that is not 1");
  call.finish(call.reshape(x, shape));
}

void read_expand_dims(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  Shape shape = call.shape(x);
  shape.insert(shape.begin() + normalized_axis(call, call.integer(1), shape.size() + 1), 1);
  call.finish(call.reshape(x, shape));
}

void read_transpose(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  const auto op = make<Transpose>([&](Transpose& o) {
    for (const std::int64_t axis : call.integers(1))
      o.permutation.push_back(normalized_axis(call, axis, call.shape(x).size()));
  });
  call.finish(call.emit(op, {x}));
}

void read_concatenation(Call& call, std::string_view) {
  const auto& options = call.options<ConcatenationOptions>();
  if (options.activation() != Activation::NONE)
    call.refuse("it has a fused activation", "export the activation as an operator of its own");
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < call.input_count(); ++i)
    inputs.push_back(call.recode(call.input(i), call.output_encoding()));
  if (inputs.empty()) call.refuse("it has no input");
  call.finish(concat(call, normalized_axis(call, options.axis(), call.shape(inputs[0]).size()), inputs));
}

void read_pack(Call& call, std::string_view) {
  std::vector<ValueId> inputs;
  std::int64_t axis = 0;
  for (std::size_t i = 0; i < call.input_count(); ++i) {
    const ValueId x = call.recode(call.input(i), call.output_encoding());
    Shape shape = call.shape(x);
    axis = normalized_axis(call, call.options<PackOptions>().axis(), shape.size() + 1);
    shape.insert(shape.begin() + axis, 1);
    inputs.push_back(call.reshape(x, shape));
  }
  if (inputs.empty()) call.refuse("it has no input");
  call.finish(concat(call, axis, inputs));
}

void read_unpack(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  Shape shape = call.shape(x);
  const std::int64_t axis = normalized_axis(call, call.options<UnpackOptions>().axis(), shape.size());
  if (shape[static_cast<std::size_t>(axis)] != static_cast<std::int64_t>(call.output_count()))
    call.refuse("it takes " + to_string(shape) + " into " + std::to_string(call.output_count()) + " parts");
  const auto parts = call.emit_all(make<Split>([&](Split& o) {
                                     o.axis = axis;
                                     o.sizes.assign(call.output_count(), 1);
                                   }),
                                   {x});
  shape.erase(shape.begin() + axis);
  for (std::size_t k = 0; k < parts.size(); ++k) call.finish(call.reshape(parts[k], shape), k);
}

void read_split(Call& call, std::string_view) {
  const ValueId x = call.input(1);
  const std::int64_t axis = normalized_axis(call, call.integer(0), call.shape(x).size());
  const std::int64_t extent = call.shape(x)[static_cast<std::size_t>(axis)];
  const auto count = static_cast<std::int64_t>(call.output_count());
  if (count == 0 || extent % count != 0)
    call.refuse("it splits an extent of " + std::to_string(extent) + " into " + std::to_string(count) +
                " parts");
  finish_split(call, x, axis, std::vector<std::int64_t>(static_cast<std::size_t>(count), extent / count));
}

void read_split_v(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  auto sizes = call.integers(1);
  const std::int64_t axis = normalized_axis(call, call.integer(2), call.shape(x).size());
  if (sizes.size() != call.output_count())
    call.refuse("it has " + std::to_string(sizes.size()) + " sizes for its outputs");
  const std::int64_t open = std::count(sizes.begin(), sizes.end(), -1);
  if (open > 1) call.refuse("more than one of its sizes is open");
  const std::int64_t known = std::accumulate(sizes.begin(), sizes.end(), open);
  std::replace(sizes.begin(), sizes.end(), std::int64_t{-1},
               call.shape(x)[static_cast<std::size_t>(axis)] - known);
  finish_split(call, x, axis, sizes);
}

void read_gather(Call& call, std::string_view) {
  const auto& options = call.options<GatherOptions>();
  if (options.batch_dims() != 0) call.refuse("it gathers per batch", "export the model with batch_dims = 0");
  const ValueId x = call.input(0);
  const auto op =
      make<Gather>([&](Gather& o) { o.axis = normalized_axis(call, options.axis(), call.shape(x).size()); });
  call.finish(call.emit(op, {x, call.input(1)}));
}

// PAD and PADV2, whose third input is the value.
void read_pad(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  auto amounts = padding_amounts(call, call.shape(x).size());
  const auto op = make<Pad>([&](Pad& o) {
    o.before = amounts[0];
    o.after = amounts[1];
    if (!call.has_input(2)) return;
    const mote::Tensor* value = call.constant(call.input(2));
    if (!value || value->type().elements() != 1) call.refuse("its padding value must be one constant");
    o.value = static_cast<float>(dequantized(widen(*value))[0]);
  });
  call.finish(call.emit(op, {x}));
}

void read_mirror_pad(Call& call, std::string_view) {
  ValueId x = call.input(0);
  const auto amounts = padding_amounts(call, call.shape(x).size());
  if (call.options<MirrorPadOptions>().mode() == MirrorPadMode::REFLECT) {
    const auto op = make<Pad>([&](Pad& o) {
      o.before = amounts[0];
      o.after = amounts[1];
      o.mode = "reflect";
    });
    return call.finish(call.emit(op, {x}));
  }
  for (std::size_t axis = 0; axis < amounts[0].size(); ++axis) {  // SYMMETRIC: the border is repeated
    const std::int64_t extent = call.shape(x)[axis];
    const std::int64_t before = amounts[0][axis], after = amounts[1][axis];
    if (before > extent || after > extent)
      call.refuse("it mirrors more than the extent of " + std::to_string(extent));
    if (before + after == 0) continue;
    if (before + extent + after > kMaxIndices) call.refuse("its output is too large");
    std::vector<std::int64_t> rows;
    for (std::int64_t i = -before; i < extent + after; ++i)
      rows.push_back(i < 0 ? -1 - i : i < extent ? i : 2 * extent - 1 - i);
    x = select(call, x, axis, rows);
  }
  call.finish(x);
}

// SHAPE and RANK: constants.
void read_shape(Call& call, std::string_view function) {
  const Shape shape = call.shape(call.input(0));
  const TensorType scalar{{}, Encoding::integer(32, true), {}};
  const auto rank = static_cast<std::int64_t>(shape.size());
  call.finish(
      call.add_constant(function == "rank" ? mote::Tensor::integers(scalar, {rank}) : index_list(shape)));
}

void read_tile(Call& call, std::string_view) {
  ValueId x = call.input(0);
  const auto multiples = call.integers(1);
  if (multiples.size() != call.shape(x).size())
    call.refuse("it repeats " + std::to_string(multiples.size()) + " axes of " + to_string(call.shape(x)));
  for (std::size_t axis = 0; axis < multiples.size(); ++axis) {
    const std::int64_t extent = call.shape(x)[axis];
    if (multiples[axis] == 1) continue;
    if (multiples[axis] < 1 || extent < 1 || multiples[axis] > kMaxIndices / extent)
      call.refuse("it repeats an axis " + std::to_string(multiples[axis]) + " times");
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; i < extent * multiples[axis]; ++i) rows.push_back(i % extent);
    x = select(call, x, axis, rows);
  }
  call.finish(x);
}

void read_broadcast_to(Call& call, std::string_view) {
  ValueId x = call.input(0);
  const auto target = call.integers(1);
  Shape from = call.shape(x);
  if (target.size() < from.size())
    call.refuse("it broadcasts " + to_string(from) + " to " + to_string(target));
  from.insert(from.begin(), target.size() - from.size(), 1);
  x = call.reshape(x, from);
  for (std::size_t axis = 0; axis < target.size(); ++axis) {
    if (target[axis] == from[axis]) continue;
    if (from[axis] != 1 || target[axis] < 1 || target[axis] > kMaxIndices)
      call.refuse("it broadcasts " + to_string(from) + " to " + to_string(target));
    x = select(call, x, axis, std::vector<std::int64_t>(static_cast<std::size_t>(target[axis]), 0));
  }
  call.finish(x);
}

}  // namespace mote::tflite
