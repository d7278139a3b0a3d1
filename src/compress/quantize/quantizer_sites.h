// Where a float network is quantized so that the integer law has an answer for every operator.
//
// A result gets its quantizer as late as its producer can still give it directly: behind the batch
// normalization and the clamp (Relu, Relu6, Clip) that become part of the layer. What only moves elements
// (MaxPool, Reshape, Concat, ...) passes the quantized values on, so all values that it connects share one
// scale: a *group*. A group has as many bits as its most demanding reader needs; a layer that takes fewer
// gets a quantizer of its own in front of it. So with 4-bit activations the residual stream keeps other_bits,
// and only the convolutions see 4.
#pragma once

#include <vector>

#include "compress/quantize/quantizer_policy.h"
#include "ir/graph.h"

namespace mote {

struct ActivationSite {
  ValueId value;
  std::size_t group;  // sites of one group share their scale
  int bits;
  bool is_signed;  // false: no element can be negative
};

// A layer's input that takes fewer bits than its group has.
struct NarrowSite {
  ValueId value;
  int bits;
  bool is_signed;
  std::vector<NodeId> readers;  // their input 0
};

struct WeightSite {
  NodeId node;
  std::size_t input;  // which constant
  int bits;
  int axis;  // -1: per tensor
};

struct QuantizerSites {
  std::vector<ActivationSite> activations;
  std::vector<NarrowSite> narrow;
  std::vector<WeightSite> weights;
  // Softmax and LogSoftmax: the integer law prescribes the encoding of their results.
  std::vector<ValueId> prescribed;
  // Nodes that clamp at zero what a bipolar reader takes the sign of: no information would be left.
  std::vector<NodeId> rectifiers;
};

// `graph`: Float stage, batch normalization folded or not. Throws UserError for an override of a layer that
// does not exist.
QuantizerSites find_quantizer_sites(const Graph& graph, const QuantizerPolicy& policy);

// A layer's key in QuantizerPolicy::layers.
const std::string& layer_key(const Graph& graph, NodeId id);

// Nodes with constant weights, in order: the layers that overrides can name.
std::vector<NodeId> layers_with_weights(const Graph& graph);

}  // namespace mote
