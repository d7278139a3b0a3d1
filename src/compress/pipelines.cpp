#include "compress/pipelines.h"

#include "base/error.h"
#include "compress/simplify/batch_norm_to_depthwise.h"
#include "compress/simplify/cancel_transposes.h"
#include "compress/simplify/center_weights.h"
#include "compress/simplify/eliminate_dead_nodes.h"
#include "compress/simplify/find_levels.h"
#include "compress/simplify/fold_batch_norm.h"
#include "compress/simplify/fold_constants.h"
#include "compress/simplify/fuse_activation.h"
#include "compress/simplify/fuse_pad.h"
#include "compress/simplify/make_bytes_signed.h"
#include "compress/simplify/merge_requantize.h"
#include "compress/simplify/remove_dead_channels.h"
#include "compress/simplify/remove_identity.h"
#include "compress/simplify/remove_idle_clamps.h"
#include "compress/simplify/rewiring.h"
#include "compress/simplify/share_constants.h"
#include "ir/verify.h"

namespace mote {

namespace {

constexpr Pass kSimplify[] = {
    {"eliminate_dead_nodes", eliminate_dead_nodes},
    {"fold_constants", fold_constants},
    {"remove_identity", remove_identity},
    {"cancel_transposes", cancel_transposes},
    {"fuse_pad", fuse_pad},
    {"fold_batch_norm", fold_batch_norm},
    {"merge_requantize", merge_requantize},
    {"fuse_activation", fuse_activation},
};
// Once the others find nothing more.
constexpr Pass kSimplifyLast[] = {
    {"batch_norm_to_depthwise", batch_norm_to_depthwise},
};
// What training wants: batch normalization and activation functions stay nodes of their own.
constexpr Pass kSimplifyForTraining[] = {
    {"eliminate_dead_nodes", eliminate_dead_nodes},
    {"fold_constants", fold_constants},
    {"remove_identity", remove_identity},
    {"cancel_transposes", cancel_transposes},
    {"fuse_pad", fuse_pad},
    {"fold_channel_constants", fold_channel_constants},
};
constexpr Pass kSimplifyByProof[] = {
    {"center_weights", center_weights},
    {"make_bytes_signed", make_bytes_signed},
    {"remove_dead_channels", remove_dead_channels},
    {"remove_idle_clamps", remove_idle_clamps},
    {"share_constants", share_constants},
    {"find_levels", find_levels},
};
constexpr int kMaxRounds = 20;

Graph run_until_stable(std::span<const Pass> passes, const Graph& graph, const PassObserver& observer) {
  const Stage stage = stage_of(graph);
  Graph current = graph;
  for (int i = 0; i < kMaxRounds; ++i) {
    const Graph start = current;
    for (const Pass& pass : passes) {
      const Graph next = pass.run(current);
      if (is_same(next, current)) continue;
      verify(next, stage, std::string(pass.name));
      if (observer) observer(pass.name, next);
      current = next;
    }
    if (is_same(start, current)) break;
  }
  return current;
}

}  // namespace

std::span<const Pass> simplify_passes() { return kSimplify; }

Graph simplify(const Graph& graph, const PassObserver& observer) {
  const Graph stable = run_until_stable(kSimplify, graph, observer);
  if (stage_of(stable) != Stage::Float) return stable;
  const Graph last = run_until_stable(kSimplifyLast, stable, observer);
  return is_same(last, stable) ? stable : run_until_stable(kSimplify, last, observer);
}

Graph simplify_for_training(const Graph& graph, const PassObserver& observer) {
  return run_until_stable(kSimplifyForTraining, graph, observer);
}

Graph simplify_by_proof(const Graph& graph, const PassObserver& observer) {
  return simplify(run_until_stable(kSimplifyByProof, graph, observer), observer);
}

}  // namespace mote
