// What a Network is made of; for network*.cpp only.
#pragma once

#include "train/forward.h"
#include "train/network.h"
#include "train/trainable.h"

namespace mote::train {

struct Step {
  NodeId node;
  Forward forward = nullptr;  // none where a quantizer stands
  // Of Quant and BipolarQuant nodes that are trained. Nodes whose scale is one value of the graph share one.
  std::shared_ptr<Quantizer> quantizer;
  bool first = true;  // of the steps that share the quantizer
  bool last = true;
  QuantizerSpec spec;
  bool absorbed = false;            // a Relu whose quantizer clips below zero itself
  bool updates_statistics = false;  // BatchNormalization with constant statistics
  std::vector<ValueId> released;    // values that no later step reads
};

struct Network::Body {
  Graph graph;
  NetworkOptions options;
  std::vector<Step> steps;               // one per node, in order
  std::vector<torch::Tensor> constants;  // by value; undefined: computed
  std::vector<bool> varies;              // by value: depends on a graph input
  std::vector<Trainable> trainable;
  std::vector<std::string> names;  // by value, unique
  Statistics statistics = Statistics::Batch;
  bool measuring = false;  // in measure_statistics

  std::vector<torch::Tensor> run(const std::vector<torch::Tensor>& inputs, bool training, bool initialize,
                                 const Observer& observer);
  torch::Tensor& constant(ValueId id) { return constants[id.index]; }
  const torch::Tensor& constant(ValueId id) const { return constants[id.index]; }
};

// What a Quant or BipolarQuant node asks of a quantizer.
QuantizerSpec quantizer_spec(const Graph& graph, const Node& node);

}  // namespace mote::train
