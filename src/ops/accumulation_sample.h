// Random nodes of the multiply-accumulate operators.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"

namespace mote {

struct AccumulationSample {
  OperatorPtr op;
  Shape x;
  Shape w;
  std::int64_t channels;  // bias extent and, for per-axis weights, extent of the axis
  int weight_axis;        // of per-axis weights; -1: per tensor only
  std::int64_t terms;     // products per output
  bool has_sum_form;      // s32 outputs are possible
  bool bipolar = false;   // inputs and weights are
};

// A graph with this node: real, 8-bit, 16-bit or 32-bit output at random, weights constant, bias constant or
// absent.
Graph accumulation_sample(Rng& rng, const AccumulationSample& sample);

// Random bounds of a fused activation: none, Relu, Relu6 or others.
void random_clamp(Rng& rng, float& clamp_min, float& clamp_max);

}  // namespace mote
