#include "plan/packed_rows.h"

#include <algorithm>

#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/pool.h"
#include "plan/packed_filters.h"
#include "plan/rows.h"

namespace mote {

namespace {

constexpr std::int64_t kAlignment = 16;
constexpr std::int64_t kLargestWhole = 4096;  // bytes of strips that hold all rows
constexpr std::int64_t kPixelsAtATime = 32;   // pay for a call
constexpr std::int64_t kPerElement = 3;       // instructions

// Which input rows an output row needs; as in kernels/c/packed_rows.h.
struct Reach {
  std::int64_t in = 1, out = 1, stride = 1, offset = 0, reach = 1, images = 1;
};

template <class Op>
Reach window_reach(const BindContext& context, const Op& op, std::int64_t taps) {
  const Shape& x = context.input(0).shape;
  return {x[1],           context.output().shape[1],       op.stride[0],
          -op.padding[0], (taps - 1) * op.dilation[0] + 1, x[0]};
}

// Of a call with ranges of output rows; nothing where the rows are related in another way.
std::optional<Reach> reach_of(const BindContext& context) {
  const Node& node = context.node();
  if (const auto* conv = node.as<Conv2D>()) return window_reach(context, *conv, context.input(1).shape[1]);
  if (const auto* depthwise = node.as<DepthwiseConv2D>())
    return window_reach(context, *depthwise, context.input(1).shape[1]);
  if (const auto* pool = node.as<Pool>()) return window_reach(context, *pool, pool->window[0]);
  const std::int64_t rows = row_count(context.output());
  const RowRange first{0, 1};
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!context.has_input(i) || context.constant(i)) continue;
    const RowRange needed = rows_needed(context.graph, context.id, i, first);
    if (row_count(context.input(i)) != rows || needed.begin != 0 || needed.end != 1) return std::nullopt;
  }
  return Reach{rows, rows, 1, 0, 1, 1};
}

// All rows at a time.
Reach whole_reach(const BindContext& context) {
  const std::int64_t in = row_count(context.input(0));
  return {in, row_count(context.output()), 0, 0, in, 1};
}

const char* const kSides[] = {"x", "x2"};
const char* const kSlots[] = {"x_slots", "x2_slots"};

class StripBinder {
 public:
  StripBinder(const BindContext& context, Bound bound) : context_(context), bound_(std::move(bound)) {}

  BindResult bind() {
    if (bound_.calls.size() != 1) return Refusal{"packed operands of several calls"};
    KernelCall& inner = bound_.calls[0];
    if (inner.input_rows || inner.outputs.size() != 1) return Refusal{"packed operands of sums"};
    const auto ranges = inner.row_ranges ? reach_of(context_) : std::nullopt;
    if (inner.row_ranges && !ranges) return Refusal{"packed operands whose rows do not correspond"};
    reach_ = ranges.value_or(whole_reach(context_));
    if (inner.row_block > 1 && reach_.images > 1) return Refusal{"packed operands of several images"};
    choose_block(inner);
    outer_.row_ranges = inner.row_ranges;
    outer_.row_block = inner.row_ranges ? block_ : 1;
    outer_.inputs = inner.inputs;
    outer_.outputs = inner.outputs;
    if (const std::string why = add_sides(inner); !why.empty()) return Refusal{why};
    if (!inner.row_ranges && scratch_ > kLargestWhole) return Refusal{"packed operands stand whole"};
    const std::pair<const char*, std::int64_t> numbers[] = {
        {"in", reach_.in},         {"out", reach_.out},     {"stride", reach_.stride},
        {"offset", reach_.offset}, {"reach", reach_.reach}, {"block", block_}};
    for (const auto& [name, value] : numbers) outer_.params.push_back({name, value});
    outer_.params_type = "mote_packed_rows";
    outer_.strips_bytes = scratch_;
    outer_.extra_instructions = instructions_;
    outer_.scratch_bytes = scratch_ + inner.scratch_bytes;
    outer_.inner.push_back(std::move(inner));
    Bound result{{std::move(outer_)}, {}, bound_.note};
    result.note += (result.note.empty() ? "" : "; ") + std::string("packed operands in strips");
    return result;
  }

 private:
  void choose_block(const KernelCall& inner) {
    const std::int64_t rows = reach_.out;
    if (!inner.row_ranges) {
      block_ = rows;
      return;
    }
    const TensorType& y = context_.output();
    const std::int64_t width = y.shape.size() >= 4 ? y.shape[2] : 1;
    block_ = inner.row_block;
    const std::int64_t pixels = context_.optimize == Optimize::kRam ? 1 : kPixelsAtATime;
    while (block_ < rows && block_ * width < pixels) block_ += inner.row_block;
  }

  std::string add_sides(KernelCall& inner) {
    std::size_t packed = 0, wanted = 0;
    for (const ValueId v : context_.node().inputs) wanted += (*context_.packing)(v) ? 1 : 0;
    for (std::size_t i = 0; i < inner.inputs.size() && i < 2; ++i) {
      const ValueId v = inner.inputs[i];
      if (context_.graph.constant(v)) continue;
      const std::int64_t rows = row_count(context_.graph.type(v));
      outer_.params.push_back({kSlots[i], rows});
      if (!(*context_.packing)(v)) continue;
      ++packed;
      const std::int64_t strip = std::min(reach_.reach + (block_ - 1) * reach_.stride, rows);
      add_side(kSides[i], v, strip);
      // a block may be a call of its own, which unpacks all that it reads
      instructions_ += kPerElement * context_.graph.type(v).elements() * strip /
                       std::max<std::int64_t>(block_ * reach_.stride, 1);
      set(inner, kSlots[i], strip);
    }
    if (packed != wanted) return "a packed operand is the third";
    const ValueId y = inner.outputs[0];
    const std::int64_t rows = row_count(context_.graph.type(y));
    outer_.params.push_back({"y_slots", rows});
    if (!(*context_.packing)(y)) return {};
    const std::int64_t strip = std::min(block_, rows);
    add_side("y", y, strip);
    instructions_ += kPerElement * context_.graph.type(y).elements();
    set(inner, "y_slots", strip);
    return {};
  }

  void add_side(const std::string& side, ValueId v, std::int64_t rows) {
    const TensorType& type = context_.graph.type(v);
    const std::int64_t elements = type.elements() / row_count(type);
    const std::pair<const char*, std::int64_t> numbers[] = {{".bits", packed_bits(type)},
                                                            {".kind", type.encoding.is_bipolar()  ? 2
                                                                      : type.encoding.is_signed() ? 1
                                                                                                  : 0},
                                                            {".elements", elements},
                                                            {".rows", rows},
                                                            {".at", scratch_}};
    for (const auto& [name, value] : numbers) outer_.params.push_back({side + name, value});
    outer_.strips.push_back({v, scratch_});
    scratch_ += round_up(elements * rows, kAlignment);
  }

  static void set(KernelCall& call, std::string_view name, std::int64_t value) {
    for (Parameter& p : call.params)
      if (call.row_ranges && is_member(p, name)) p.value = value;
  }

  const BindContext& context_;
  Bound bound_;
  KernelCall outer_;
  Reach reach_;
  std::int64_t block_ = 1, scratch_ = 0, instructions_ = 0;
};

}  // namespace

BindResult run_on_strips(const BindContext& context, Bound bound) {
  return StripBinder(context, std::move(bound)).bind();
}

}  // namespace mote
