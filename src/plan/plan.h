// The Plan: how a graph runs on a target. Execution order, one kernel per node, groups of steps that run row
// by row, a place in the arena for every value, line buffer and scratch buffer. An immutable value that
// carries the hash of the graph it was made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/kernel.h"

namespace mote {

struct RefusedKernel {
  std::string_view kernel;
  std::string reason;
};

struct Step {
  NodeId node;
  const KernelRow* kernel;             // nullptr: nothing to run, the output stands where the input does
  Bound bound;                         // slots of rings filled in
  std::vector<RefusedKernel> refused;  // rows tried before
  std::int64_t scratch_bytes = 0;      // largest of the calls
  std::int64_t scratch_offset = 0;
  bool streamed = false;        // runs by ranges of rows, in a group
  std::int64_t live_bytes = 0;  // most that must exist at a time during the step, scratch included
};

// A call of a step for output rows [first, first + rows).
struct RowCall {
  static constexpr std::int32_t kFeed = -1;  // as step: rows of the streamed input arrive
  std::int32_t step = 0;
  std::int64_t first = 0, rows = 0;
};

// Steps [first_step, end_step) that run row by row through line buffers, in the order of `calls`.
struct Group {
  std::size_t first_step = 0, end_step = 0;
  std::vector<RowCall> calls;
};

// The only input arrives row by row and has no place of its own in the arena but its line buffer. The first
// group has a call kFeed for each row.
struct Feed {
  std::int64_t rows = 0, row_bytes = 0;
  std::int64_t state_offset = 0;  // in the arena: where the calls stand between two rows
};

// A tensor, line buffer or scratch buffer in the arena.
struct PlacedBlock {
  std::string name;
  std::int64_t offset = 0, bytes = 0;
  std::int64_t slots = 0;  // rows of a line buffer; 0: it is none
  std::size_t first_step = 0, last_step = 0;
  bool is_scratch = false;
};

struct Plan {
  Graph graph;
  std::uint64_t graph_hash = 0;
  Target target;
  Optimize optimize = Optimize::kSpeed;
  int threads = 1;
  std::vector<Step> steps;
  std::vector<Group> groups;  // in order; steps in none run whole
  std::optional<Feed> feed;
  // By value: byte offset in the arena; nothing for constants and for values that are never needed.
  std::vector<std::optional<std::int64_t>> offsets;
  Packing packing;                  // which values stand packed
  std::vector<std::int64_t> slots;  // by value: rows of the line buffer it passes through; 0: it stands whole
  std::vector<PlacedBlock> blocks;  // by offset
  std::int64_t arena_bytes = 0;     // peak RAM of tensors and scratch
  // Largest live set of this schedule: no placement can do better, except for outputs that stand exactly on
  // an input.
  std::int64_t lower_bound_bytes = 0;
  std::optional<std::size_t> peak_step;  // the step that sets the lower bound
};

inline constexpr std::int64_t kArenaAlignment = 16;

struct PlanOptions {
  Optimize optimize = Optimize::kSpeed;
  // For conformance tests: this row comes first wherever it is legal. Empty: table order.
  std::string only_kernel = {};
  // For conformance tests: every value that some plan could pack is packed, whatever it costs.
  bool pack_all = false;
  int threads = 1;  // that share the rows of large layers
  // The fastest plan whose arena has at most so many bytes, instead of the one that `optimize` asks for.
  std::optional<std::int64_t> ram_limit_bytes = {};
  bool stream_input = false;  // the only input arrives row by row
};

// Throws UserError when a node has no kernel (it names the node and every refusal), and when no plan stays
// within the limit (it names the least arena that was found).
Plan make_plan(const Graph& graph, const Target& target, const PlanOptions& options = {});

// True for operators whose output is the input's bytes under another shape or name.
bool is_alias(const Graph& graph, NodeId id);

}  // namespace mote
