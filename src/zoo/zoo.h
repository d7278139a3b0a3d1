// The zoo: networks of the literature as float graphs, untrained, by name and parameters.
//
// Every graph has batch 1, NHWC, one input and one output (logits, without softmax; the autoencoder gives the
// reconstruction). BatchNormalization stands as nodes of its own, as training needs it. Layers in front of
// one have no bias. Weights are drawn from N(0, 2 / fan_in) by the seed (He et al. 2015, arXiv:1502.01852),
// biases are 0, gammas 1, betas 0, means 0, variances 1. A padded window has (k - 1) / 2 cells before and
// k / 2 behind, so the convolution with stride s has ceil(extent / s) positions.
#pragma once

#include <span>
#include <string_view>

#include "ir/graph.h"

namespace mote {

// A parameter of a builder, its default and its range; `whole`: integers only.
struct ZooKey {
  std::string_view name;
  double value;
  double low;
  double high;
  bool whole = true;
};

class ZooSettings;

struct ZooRow {
  std::string_view name;
  std::span<const ZooKey> keys;  // and "seed"
  Graph (*build)(const ZooSettings&);
  std::string_view use;     // what it is for
  std::string_view source;  // where it was published
};
std::span<const ZooRow> zoo_list();

// "resnet8", "wrn?depth=16&width=2&classes=10&seed=1". Throws UserError for unknown names and keys and for
// values out of range; the message lists what exists.
Graph zoo_model(std::string_view spec);

}  // namespace mote
