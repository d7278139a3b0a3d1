// The Plan: how a graph runs on a target. Execution order, one kernel per node, a place in the arena for
// every value and every scratch buffer. An immutable value that carries the hash of the graph it was made
// from.
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
  const KernelRow* kernel;  // nullptr: nothing to run, the output stands where the input does
  Bound bound;
  std::vector<RefusedKernel> refused;  // rows tried before
  std::int64_t scratch_bytes = 0;      // largest of the calls
  std::int64_t scratch_offset = 0;
  std::int64_t live_bytes = 0;  // sum of all that must exist during the step, scratch included
};

struct Plan {
  Graph graph;
  std::uint64_t graph_hash = 0;
  Target target;
  Optimize optimize = Optimize::kSpeed;
  int threads = 1;
  std::vector<Step> steps;
  // By value: byte offset in the arena; nothing for constants and for values that are never needed.
  std::vector<std::optional<std::int64_t>> offsets;
  std::int64_t arena_bytes = 0;          // peak RAM of tensors and scratch
  std::int64_t lower_bound_bytes = 0;    // largest live set of this order: no placement can do better
  std::optional<std::size_t> peak_step;  // the step that sets the lower bound
};

inline constexpr std::int64_t kArenaAlignment = 16;

struct PlanOptions {
  Optimize optimize = Optimize::kSpeed;
  // For conformance tests: this row comes first wherever it is legal. Empty: table order.
  std::string only_kernel = {};
  int threads = 1;  // that share the rows of large layers
};

// Throws UserError when a node has no kernel (it names the node and every refusal).
Plan make_plan(const Graph& graph, const Target& target, const PlanOptions& options = {});

// True for operators whose output is the input's bytes under another shape or name.
bool is_alias(const Graph& graph, NodeId id);

}  // namespace mote
