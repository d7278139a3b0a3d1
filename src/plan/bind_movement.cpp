#include "plan/bind_movement.h"

#include <optional>

#include "ops/concat.h"
#include "ops/depth_to_space.h"
#include "ops/gather.h"
#include "ops/pad.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"

namespace mote {

std::string element_suffix(const Encoding& encoding) {
  if (encoding.is_real()) return "f32";
  return (encoding.is_signed() ? "s" : "u") + std::to_string(8 * encoding.container_bytes());
}

std::string movement_suffix(const Encoding& encoding) {
  return encoding.is_real() ? "f32" : std::to_string(8 * encoding.container_bytes());
}

std::vector<std::int64_t> right_aligned(const std::vector<std::int64_t>& values, std::size_t axes,
                                        std::int64_t filler) {
  MOTE_CHECK(values.size() <= axes);
  std::vector<std::int64_t> result(axes - values.size(), filler);
  result.insert(result.end(), values.begin(), values.end());
  return result;
}

Bound one_call(const BindContext& context, std::string function, std::string params_type,
               std::vector<Parameter> params) {
  KernelCall call{std::move(function),   std::move(params_type),      std::move(params),
                  context.node().inputs, {context.node().outputs[0]}, 0};
  return {{std::move(call)}, {}, {}};
}

namespace {

constexpr std::size_t kAxes = 6;  // of copy_strided and pad

BindResult copy_view(const BindContext& context, const movement::View& view) {
  if (nothing_to_do(context)) return Bound{};
  const movement::View flat = movement::collapsed(view);
  if (flat.sizes.size() > kAxes) return Refusal{"more than 6 axes that do not merge"};
  // a whole tensor of one element has no axes left; its innermost run is that element
  const bool single = flat.sizes.empty();
  return one_call(context, "copy_strided_" + movement_suffix(context.output().encoding),
                  "copy_strided_params",
                  {{"offset", flat.offset},
                   {"sizes", right_aligned(flat.sizes, kAxes, 1)},
                   {"strides", single ? std::vector<std::int64_t>{0, 0, 0, 0, 0, 1}
                                      : right_aligned(flat.strides, kAxes, 0)}});
}

Parameter number(std::string name, std::int64_t value) { return {std::move(name), value}; }

// Runs of `run` bytes, `count` times; a step is the distance from run to run on either side.
KernelCall blocks_call(ValueId from, ValueId to, std::int64_t count, std::int64_t run,
                       std::int64_t source_offset, std::int64_t source_step, std::int64_t target_offset,
                       std::int64_t target_step) {
  return {"copy_blocks",
          "copy_blocks_params",
          {number("count", count), number("bytes", run), number("source_offset", source_offset),
           number("source_step", source_step), number("target_offset", target_offset),
           number("target_step", target_step)},
          {from},
          {to},
          0};
}

}  // namespace

namespace {

// Row by row, where equal steps of the input lie between the rows of the output.
std::optional<Bound> copy_rows(const BindContext& context, const movement::View& view) {
  const auto axes = static_cast<std::ptrdiff_t>(view.sizes.size());
  const std::ptrdiff_t lead = axes - (axes >= 4 ? 2 : 1);
  const std::int64_t rows = row_count(context.output());
  if (lead < 1 || rows < 2) return std::nullopt;
  const auto head = [&](const auto& all) {
    return std::vector<std::int64_t>(all.begin(), all.begin() + lead);
  };
  const auto tail = [&](const auto& all) { return std::vector<std::int64_t>(all.begin() + lead, all.end()); };
  const movement::View outer = movement::collapsed({0, head(view.sizes), head(view.strides)});
  const movement::View row = movement::collapsed({view.offset, tail(view.sizes), tail(view.strides)});
  if (outer.sizes.size() != 1 || row.sizes.empty()) return std::nullopt;
  Bound bound = one_call(context, "copy_strided_" + movement_suffix(context.output().encoding) + "_rows",
                         "copy_strided_rows_params",
                         {{"row.offset", row.offset},
                          {"row.sizes", right_aligned(row.sizes, kAxes, 1)},
                          {"row.strides", right_aligned(row.strides, kAxes, 0)},
                          {"row_step", outer.strides[0]},
                          {"row_elements", context.output().elements() / rows}});
  offer_row_ranges(bound.calls[0], row_count(context.input(0)), 0, rows);
  bound.note = "row by row";
  return bound;
}

}  // namespace

BindResult bind_transpose(const BindContext& context) {
  const movement::View view = context.node().as<Transpose>()->view(context.input(0).shape);
  if (context.optimize == Optimize::kRam && !nothing_to_do(context))
    if (auto bound = copy_rows(context, view)) return *std::move(bound);
  return copy_view(context, view);
}

BindResult bind_slice(const BindContext& context) {
  return copy_view(context, context.node().as<Slice>()->view(context.input(0).shape));
}

BindResult bind_depth_to_space(const BindContext& context) {
  return copy_view(context, context.node().as<DepthToSpace>()->view(context.input(0).shape));
}

BindResult bind_concat(const BindContext& context) {
  const auto axis = static_cast<std::size_t>(context.node().as<Concat>()->axis);
  const TensorType& out = context.output();
  const std::int64_t element = out.encoding.container_bytes();
  const std::int64_t outer = movement::product(out.shape, 0, axis);
  const std::int64_t row = movement::product(out.shape, axis, out.shape.size()) * element;
  Bound bound;
  std::int64_t start = 0;
  for (std::size_t i = 0; i < context.node().inputs.size(); ++i) {
    const Shape& in = context.input(i).shape;
    const std::int64_t run = movement::product(in, axis, in.size()) * element;
    if (run > 0 && outer > 0)
      bound.calls.push_back(
          blocks_call(context.node().inputs[i], context.node().outputs[0], outer, run, 0, run, start, row));
    start += run;
  }
  return bound;
}

BindResult bind_split(const BindContext& context) {
  const auto axis = static_cast<std::size_t>(context.node().as<Split>()->axis);
  const TensorType& in = context.input(0);
  const std::int64_t element = in.encoding.container_bytes();
  const std::int64_t outer = movement::product(in.shape, 0, axis);
  const std::int64_t row = movement::product(in.shape, axis, in.shape.size()) * element;
  Bound bound;
  std::int64_t start = 0;
  for (std::size_t i = 0; i < context.node().outputs.size(); ++i) {
    const Shape& out = context.output(i).shape;
    const std::int64_t run = movement::product(out, axis, out.size()) * element;
    if (run > 0 && outer > 0)
      bound.calls.push_back(
          blocks_call(context.node().inputs[0], context.node().outputs[i], outer, run, start, row, 0, run));
    start += run;
  }
  return bound;
}

namespace {

// Axes of a Pad with as few entries as possible: an axis without padding merges into its outer neighbour,
// where it scales the widths (constant mode) or becomes part of the cell (mirror modes, innermost axes only).
struct PadAxes {
  std::vector<std::int64_t> sizes, before, after;
};

PadAxes merged_axes(const Pad& pad, const Shape& shape) {
  PadAxes axes;
  for (std::size_t a = 0; a < shape.size(); ++a) {
    const bool plain = pad.before[a] == 0 && pad.after[a] == 0;
    if (plain && !axes.sizes.empty()) {
      axes.sizes.back() *= shape[a];
      axes.before.back() *= shape[a];
      axes.after.back() *= shape[a];
    } else {
      axes.sizes.push_back(shape[a]);
      axes.before.push_back(pad.before[a]);
      axes.after.push_back(pad.after[a]);
    }
  }
  return axes;
}

BindResult bind_mirror(const BindContext& context, const Pad& pad) {
  const Shape& shape = context.input(0).shape;
  std::size_t rank = shape.size();
  std::int64_t cell = context.input(0).encoding.container_bytes();
  while (rank > 0 && pad.before[rank - 1] == 0 && pad.after[rank - 1] == 0) cell *= shape[--rank];
  if (rank > kAxes) return Refusal{"more than 6 axes"};
  const auto outer = [&](const std::vector<std::int64_t>& values, std::int64_t filler) {
    return right_aligned({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank)}, kAxes, filler);
  };
  return one_call(context, "pad_mirror", "pad_mirror_params",
                  {{"sizes", outer(shape, 1)},
                   {"before", outer(pad.before, 0)},
                   {"after", outer(pad.after, 0)},
                   number("cell_bytes", cell),
                   number("reflect", pad.mode == "reflect" ? 1 : 0)});
}

}  // namespace

BindResult bind_pad(const BindContext& context) {
  const Pad& pad = *context.node().as<Pad>();
  if (nothing_to_do(context)) return Bound{};
  if (pad.mode != "constant") return bind_mirror(context, pad);
  const PadAxes axes = merged_axes(pad, context.input(0).shape);
  if (axes.sizes.size() > kAxes) return Refusal{"more than 6 padded axes"};
  const Encoding& encoding = context.output().encoding;
  std::vector<Parameter> params{{"sizes", right_aligned(axes.sizes, kAxes, 1)},
                                {"before", right_aligned(axes.before, kAxes, 0)},
                                {"after", right_aligned(axes.after, kAxes, 0)}};
  if (encoding.is_real())
    params.push_back({"value_f32", pad.value});
  else  // unsigned 32-bit values keep their bits
    params.push_back(number("value", static_cast<std::int32_t>(pad.integer_value(encoding))));
  return one_call(context, "pad_constant_" + movement_suffix(encoding), "pad_constant_params",
                  std::move(params));
}

BindResult bind_gather(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const auto axis = static_cast<std::size_t>(context.node().as<Gather>()->axis);
  const TensorType& data = context.input(0);
  return one_call(context, "gather_" + element_suffix(context.input(1).encoding), "gather_params",
                  {number("outer", movement::product(data.shape, 0, axis)),
                   number("extent", data.shape[axis]), number("indices", context.input(1).elements()),
                   number("row_bytes", movement::product(data.shape, axis + 1, data.shape.size()) *
                                           data.encoding.container_bytes())});
}

}  // namespace mote
