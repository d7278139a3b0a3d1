// Parts of tensors, and the batch-space operators that are made of them.
#include <algorithm>

#include "format/tflite_import.h"
#include "format/tflite_table.h"
#include "ops/pad.h"
#include "ops/slice.h"
#include "ops/transpose.h"

namespace mote::tflite {

namespace {

struct Range {
  std::int64_t start;
  std::int64_t size;
  std::int64_t step;
};

ValueId emit_slice(Call& call, ValueId x, const std::vector<Range>& ranges) {
  for (const Range& r : ranges)
    if (r.size < 1) call.refuse("it selects nothing");
  const auto op = make<Slice>([&](Slice& o) {
    for (const Range& r : ranges) {
      o.starts.push_back(r.start);
      o.sizes.push_back(r.size);
      o.steps.push_back(r.step);
    }
  });
  return call.emit(op, {x});
}

struct StridedAxis {
  std::int64_t begin, end, step;
  bool open_begin, open_end, single;
};

// Python's slice along an extent; a single index is a range of one.
Range resolve(const Call& call, const StridedAxis& a, std::int64_t extent) {
  if (a.step == 0) call.refuse("its stride is 0");
  const auto from_end = [&](std::int64_t i) { return i < 0 ? i + extent : i; };
  if (a.single) {
    const std::int64_t index = from_end(a.begin);
    if (index < 0 || index >= extent)
      call.refuse("its index " + std::to_string(a.begin) + " is outside an extent of " +
                  std::to_string(extent));
    return {index, 1, 1};
  }
  const std::int64_t low = a.step > 0 ? 0 : -1;
  const std::int64_t high = a.step > 0 ? extent : extent - 1;
  const std::int64_t begin =
      a.open_begin ? (a.step > 0 ? low : high) : std::clamp(from_end(a.begin), low, high);
  const std::int64_t end = a.open_end ? (a.step > 0 ? high : low) : std::clamp(from_end(a.end), low, high);
  const std::int64_t span = a.step > 0 ? end - begin : begin - end;
  const std::int64_t step = a.step > 0 ? a.step : -a.step;
  return {begin, span <= 0 ? 0 : (span + step - 1) / step, a.step};
}

// Block sizes of the spatial axes, and two numbers for each: what is padded or cropped.
struct Blocks {
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> before, after;
};

Blocks read_blocks(Call& call, std::size_t rank) {
  Blocks blocks{call.integers(1), {}, {}};
  const auto edges = call.integers(2);
  if (blocks.sizes.size() + 1 > rank || edges.size() != 2 * blocks.sizes.size())
    call.refuse("its blocks do not fit its input");
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (edges[i] < 0 || blocks.sizes[i / 2] < 1) call.refuse("its blocks or edges are negative");
    (i % 2 == 0 ? blocks.before : blocks.after).push_back(edges[i]);
  }
  return blocks;
}

ValueId emit_transpose(Call& call, ValueId x, std::vector<std::int64_t> permutation) {
  return call.emit(make<Transpose>([&](Transpose& o) { o.permutation = std::move(permutation); }), {x});
}

}  // namespace

void read_slice(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  const Shape shape = call.shape(x);
  const auto starts = call.integers(1);
  const auto sizes = call.integers(2);
  if (starts.size() != shape.size() || sizes.size() != shape.size())
    call.refuse("it names another number of axes than " + to_string(shape) + " has");
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t size = sizes[i] == -1 ? shape[i] - starts[i] : sizes[i];
    if (starts[i] < 0 || size < 0 || starts[i] + size > shape[i])
      call.refuse("it selects " + std::to_string(size) + " from " + std::to_string(starts[i]) +
                  " of an extent of " + std::to_string(shape[i]));
    ranges.push_back({starts[i], size, 1});
  }
  call.finish(emit_slice(call, x, ranges));
}

void read_strided_slice(Call& call, std::string_view) {
  const auto& options = call.options<StridedSliceOptions>();
  const ValueId x = call.input(0);
  const Shape from = call.shape(x);
  const auto begin = call.integers(1), end = call.integers(2), steps = call.integers(3);
  if (begin.size() != end.size() || begin.size() != steps.size() || begin.size() > 16)
    call.refuse("its lists differ in length");
  const auto bit = [](std::int32_t mask, std::size_t i) {
    return (static_cast<std::uint32_t>(mask) >> i & 1U) != 0;
  };
  std::size_t named = 0;  // axes of the input that the lists name
  for (std::size_t i = 0; i < begin.size(); ++i)
    if (!bit(options.ellipsis_mask(), i) && !bit(options.new_axis_mask(), i)) ++named;
  if (named > from.size()) call.refuse("it names " + std::to_string(named) + " axes of " + to_string(from));
  std::vector<Range> ranges;
  Shape shape;
  const auto whole_axis = [&] {
    shape.push_back(from[ranges.size()]);
    ranges.push_back({0, shape.back(), 1});
  };
  bool seen_ellipsis = false;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    if (bit(options.ellipsis_mask(), i)) {
      if (seen_ellipsis) call.refuse("it has more than one ellipsis");
      seen_ellipsis = true;
      for (std::size_t k = named; k < from.size(); ++k) whole_axis();
    } else if (bit(options.new_axis_mask(), i)) {
      shape.push_back(1);
    } else {
      const bool single = bit(options.shrink_axis_mask(), i);
      const std::int64_t stop = options.offset() ? begin[i] + end[i] : end[i];
      ranges.push_back(resolve(
          call, {begin[i], stop, steps[i], bit(options.begin_mask(), i), bit(options.end_mask(), i), single},
          from[ranges.size()]));
      if (!single) shape.push_back(ranges.back().size);
    }
  }
  while (ranges.size() < from.size()) whole_axis();
  call.finish(call.reshape(emit_slice(call, x, ranges), shape));
}

void read_reverse(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  std::vector<Range> ranges;
  for (const std::int64_t extent : call.shape(x)) ranges.push_back({0, extent, 1});
  for (const std::int64_t axis : call.integers(1)) {
    Range& r = ranges[static_cast<std::size_t>(normalized_axis(call, axis, ranges.size()))];
    r = {r.size - 1, r.size, -1};
  }
  call.finish(emit_slice(call, x, ranges));
}

// [N, s..., rest] -> pad -> [N, s/b, b, ..., rest] -> [b..., N, s/b..., rest] -> [N * blocks, s/b..., rest]
void read_space_to_batch(Call& call, std::string_view) {
  ValueId x = call.input(0);
  const std::size_t rank = call.shape(x).size();
  const Blocks blocks = read_blocks(call, rank);
  const std::size_t spatial = blocks.sizes.size();
  x = call.emit(make<Pad>([&](Pad& o) {
                  o.before.assign(rank, 0);
                  o.after.assign(rank, 0);
                  std::copy(blocks.before.begin(), blocks.before.end(), o.before.begin() + 1);
                  std::copy(blocks.after.begin(), blocks.after.end(), o.after.begin() + 1);
                }),
                {x});
  const Shape padded = call.shape(x);
  Shape split{padded[0]}, result{padded[0]};
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < spatial; ++i) {
    if (padded[i + 1] % blocks.sizes[i] != 0)
      call.refuse("an extent of " + std::to_string(padded[i + 1]) + " is no multiple of its block");
    split.insert(split.end(), {padded[i + 1] / blocks.sizes[i], blocks.sizes[i]});
    result[0] *= blocks.sizes[i];
    result.push_back(padded[i + 1] / blocks.sizes[i]);
    order.push_back(static_cast<std::int64_t>(2 * i + 2));
  }
  order.push_back(0);
  for (std::size_t i = 0; i < spatial; ++i) order.push_back(static_cast<std::int64_t>(2 * i + 1));
  for (std::size_t i = spatial + 1; i < rank; ++i) {
    order.push_back(static_cast<std::int64_t>(split.size()));
    split.push_back(padded[i]);
    result.push_back(padded[i]);
  }
  call.finish(call.reshape(emit_transpose(call, call.reshape(x, split), order), result));
}

// The way back: [b..., N, s..., rest] -> [N, s, b, ..., rest] -> [N, s * b, ..., rest] -> crop
void read_batch_to_space(Call& call, std::string_view) {
  ValueId x = call.input(0);
  const Shape from = call.shape(x);
  const Blocks blocks = read_blocks(call, from.size());
  const std::size_t spatial = blocks.sizes.size();
  Shape split = blocks.sizes;
  std::int64_t cells = 1;
  for (const std::int64_t size : blocks.sizes) {
    if (size > kMaxElements / cells) call.refuse("its blocks are too large");
    cells *= size;
  }
  if (from[0] % cells != 0)
    call.refuse("its batch of " + std::to_string(from[0]) + " is no multiple of its blocks");
  split.push_back(from[0] / cells);
  split.insert(split.end(), from.begin() + 1, from.end());
  std::vector<std::int64_t> order{static_cast<std::int64_t>(spatial)};
  Shape joined{from[0] / cells};
  for (std::size_t i = 0; i < spatial; ++i) {
    order.insert(order.end(), {static_cast<std::int64_t>(spatial + 1 + i), static_cast<std::int64_t>(i)});
    joined.push_back(from[i + 1] * blocks.sizes[i]);
  }
  for (std::size_t i = spatial + 1; i < from.size(); ++i) {
    order.push_back(static_cast<std::int64_t>(spatial + i));
    joined.push_back(from[i]);
  }
  x = call.reshape(emit_transpose(call, call.reshape(x, split), order), joined);
  std::vector<Range> ranges;
  for (const std::int64_t extent : joined) ranges.push_back({0, extent, 1});
  for (std::size_t i = 0; i < spatial; ++i)
    ranges[i + 1] = {blocks.before[i], joined[i + 1] - blocks.before[i] - blocks.after[i], 1};
  call.finish(emit_slice(call, x, ranges));
}

}  // namespace mote::tflite
