// Pooling, reductions, resizing and blocks.
#include <algorithm>

#include "format/tflite_table.h"
#include "format/tflite_window.h"
#include "ops/arg_max.h"
#include "ops/depth_to_space.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/resize.h"

namespace mote::tflite {

void read_pool(Call& call, std::string_view function) {
  const auto& options = call.options<Pool2DOptions>();
  const ValueId x = call.input(0);
  const Shape shape = image_shape(call, x);
  const auto op = make<Pool>([&](Pool& o) {
    o.function = function;
    o.window = {options.window_h(), options.window_w()};
    o.stride = {options.stride_h(), options.stride_w()};
    o.padding = padding_list(call, options.padding(), {shape[1], o.window[0], o.stride[0], 1},
                             {shape[2], o.window[1], o.stride[1], 1});
    set_activation(call, options.activation(), o);
  });
  call.finish(call.emit(op, {x}));
}

void read_reduce(Call& call, std::string_view function) {
  const ValueId x = call.input(0);
  const std::size_t rank = call.shape(x).size();
  const bool keeps_encoding = function == "Max" || function == "Min";
  const auto op = make<Reduce>([&](Reduce& o) {
    o.function = function;
    o.keep_dims = call.options<ReducerOptions>().keep_dims();
    for (const std::int64_t axis : call.integers(1)) o.axes.push_back(normalized_axis(call, axis, rank));
    std::sort(o.axes.begin(), o.axes.end());
    o.axes.erase(std::unique(o.axes.begin(), o.axes.end()), o.axes.end());
  });
  call.finish(keeps_encoding ? call.emit(op, {x}) : call.emit(op, {x}, call.output_encoding()));
}

void read_arg_max(Call& call, std::string_view function) {
  const ValueId x = call.input(0);
  const auto op = make<ArgMax>([&](ArgMax& o) {
    o.function = function;
    o.axis = normalized_axis(call, call.integer(1), call.shape(x).size());
    o.keep_dims = false;
  });
  call.finish(call.emit(op, {x}));
}

namespace {

void emit_resize(Call& call, const char* function, const char* coordinate, const char* nearest) {
  const ValueId x = call.input(0);
  const auto size = call.integers(1);
  if (size.size() != 2) call.refuse("its size must be a height and a width");
  image_shape(call, x);
  const auto op = make<Resize>([&](Resize& o) {
    o.function = function;
    o.height = size[0];
    o.width = size[1];
    o.coordinate = coordinate;
    o.nearest = nearest;
  });
  call.finish(call.emit(op, {x}));
}

void emit_blocks(Call& call, const char* function, std::int64_t block) {
  const ValueId x = call.input(0);
  image_shape(call, x);
  if (block < 1) call.refuse("its block size is " + std::to_string(block));
  const auto op = make<DepthToSpace>([&](DepthToSpace& o) {
    o.function = function;
    o.block = block;
  });
  call.finish(call.emit(op, {x}));
}

}  // namespace

void read_resize_bilinear(Call& call, std::string_view) {
  const auto& options = call.options<ResizeBilinearOptions>();
  emit_resize(call, "linear",
              options.align_corners()        ? "align_corners"
              : options.half_pixel_centers() ? "half_pixel"
                                             : "asymmetric",
              "floor");
}

// With aligned corners TFLite rounds positions to the nearest, halves up; else it takes the floor.
void read_resize_nearest(Call& call, std::string_view) {
  const auto& options = call.options<ResizeNearestNeighborOptions>();
  if (options.align_corners()) return emit_resize(call, "nearest", "align_corners", "round_prefer_ceil");
  emit_resize(call, "nearest", options.half_pixel_centers() ? "tf_half_pixel_for_nn" : "asymmetric", "floor");
}

void read_depth_to_space(Call& call, std::string_view) {
  emit_blocks(call, "DepthToSpace", call.options<DepthToSpaceOptions>().block_size());
}
void read_space_to_depth(Call& call, std::string_view) {
  emit_blocks(call, "SpaceToDepth", call.options<SpaceToDepthOptions>().block_size());
}

}  // namespace mote::tflite
