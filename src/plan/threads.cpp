#include "plan/threads.h"

#include <algorithm>

namespace mote {

namespace {

// Waking another core takes about a microsecond; a part must take several.
constexpr std::int64_t kLeastMacs = 1'000'000;
constexpr std::int64_t kLeastBytes = 256 * 1024;
constexpr std::int64_t kCacheLine = 64;  // scratch of different threads stays in different ones

bool is_large(const BindContext& context) {
  const InputTypes inputs = context.graph.input_types(context.id);
  if (context.node().op->macs(inputs, context.graph.output_types(context.id)) >= kLeastMacs) return true;
  std::int64_t bytes = context.output().bytes();
  for (const ValueId v : context.node().inputs)
    if (v.valid() && !context.graph.constant(v)) bytes += context.graph.type(v).bytes();
  return bytes >= kLeastBytes;
}

// Row r of the output stands on row r of the input.
bool rows_coincide(const BindContext& context, ValueId input) {
  return context.node().op->name() != "DepthwiseConv2D" &&
         context.graph.type(input).bytes() == context.output().bytes() &&
         row_count(context.graph.type(input)) == row_count(context.output());
}

}  // namespace

std::int64_t rows_per_part(const KernelCall& call) {
  const std::int64_t blocks = (row_slots(call, "y_slots") + call.row_block - 1) / call.row_block;
  return (blocks + call.parts - 1) / call.parts * call.row_block;
}

void share_among_threads(const BindContext& context, Bound& bound, int threads) {
  if (threads < 2 || bound.calls.size() != 1 || !bound.calls[0].row_ranges || !is_large(context)) return;
  KernelCall& call = bound.calls[0];
  const std::int64_t rows = row_slots(call, "y_slots");
  call.parts = std::min<std::int64_t>(threads, (rows + call.row_block - 1) / call.row_block);
  if (call.parts < 2) {
    call.parts = 1;
    return;
  }
  call.parts = (rows + rows_per_part(call) - 1) / rows_per_part(call);  // none is without rows
  call.row_ranges = false;
  call.scratch_bytes = (call.scratch_bytes + kCacheLine - 1) / kCacheLine * kCacheLine * call.parts;
  std::erase_if(bound.in_place_inputs, [&](ValueId v) { return !rows_coincide(context, v); });
}

}  // namespace mote
