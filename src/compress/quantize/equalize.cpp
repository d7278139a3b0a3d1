#include "compress/quantize/equalize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compress/quantize/weighted.h"
#include "ir/patch.h"
#include "ir/verify.h"
#include "ops/unary.h"

namespace mote {

namespace {

// Channels whose weights are smaller than this part of the layer's largest are left alone: training has
// switched them off, and balancing their noise would blow up their biases, hence the range of the
// activations.
constexpr double kDead = 1e-3;

struct Pair {
  NodeId first;
  NodeId second;
};

bool is_homogeneous(const Clamp& clamp) {
  return (clamp.min == 0 || std::isinf(clamp.min)) && std::isinf(clamp.max);
}

// The only reader of a value, if there is one and the value leaves the graph nowhere else.
NodeId only_reader(const Graph& graph, ValueId v) {
  const auto readers = graph.consumers(v);
  return readers.size() == 1 && !graph.is_output(v) ? readers[0] : NodeId{};
}

std::vector<Pair> find_pairs(const Graph& graph) {
  std::vector<Pair> pairs;
  for (const NodeId first : node_ids(graph)) {
    if (!weighted_layer(graph, first) || !is_homogeneous(fused_clamp(*graph.node(first).op))) continue;
    NodeId second = only_reader(graph, graph.node(first).outputs[0]);
    if (second.valid() && graph.node(second).op->name() == "Relu")
      second = only_reader(graph, graph.node(second).outputs[0]);
    if (!second.valid()) continue;
    const auto layer = weighted_layer(graph, second);
    if (layer && (layer->input_axis || layer->depthwise)) pairs.push_back({first, second});
  }
  return pairs;
}

class Equalizer {
 public:
  explicit Equalizer(const Graph& graph) : graph_(graph), patch_(graph) {}

  Graph run() && {
    constexpr int kRounds = 20;
    constexpr double kConverged = 1e-3;
    const auto pairs = find_pairs(graph_);
    own_constants(pairs);
    for (int round = 0; round < kRounds; ++round) {
      double moved = 0;
      for (const Pair& pair : pairs) moved = std::max(moved, equalize(pair));
      if (moved < kConverged) break;
    }
    return std::move(patch_).apply();
  }

 private:
  // Weights that several nodes share are copied, so that scaling one leaves the others.
  void own_constants(const std::vector<Pair>& pairs) {
    for (const Pair& pair : pairs)
      for (const NodeId id : {pair.first, pair.second}) {
        auto inputs = patch_.node(id).inputs;
        for (std::size_t i = 1; i < inputs.size(); ++i)
          if (inputs[i].valid() && inputs[i].index < graph_.values().size() &&
              graph_.consumers(inputs[i]).size() > 1)
            inputs[i] = patch_.add_constant(patch_.value_name(inputs[i]) + "_" + std::to_string(id.index),
                                            *patch_.constant(inputs[i]));
        patch_.set_node_inputs(id, std::move(inputs));
      }
  }

  const Tensor& weights(NodeId id) const { return *patch_.constant(patch_.node(id).inputs[1]); }

  // Index of the channel that joins the layers, for each element of the second one's weights.
  static std::size_t input_channel(const WeightedLayer& layer, const Shape& shape, std::size_t channels,
                                   std::int64_t element) {
    if (!layer.depthwise) return static_cast<std::size_t>(axis_index(shape, *layer.input_axis, element));
    const auto output = static_cast<std::size_t>(axis_index(shape, layer.output_axis, element));
    return output / (static_cast<std::size_t>(shape.back()) / channels);
  }

  double equalize(const Pair& pair) {
    const WeightedLayer first = *weighted_layer(graph_, pair.first);
    const WeightedLayer second = *weighted_layer(graph_, pair.second);
    const Tensor w1 = weights(pair.first);
    const Tensor w2 = weights(pair.second);
    const auto channels =
        static_cast<std::size_t>(w1.type().shape.at(static_cast<std::size_t>(first.output_axis)));
    const auto channel1 = [&](std::int64_t i) {
      return static_cast<std::size_t>(axis_index(w1.type().shape, first.output_axis, i));
    };
    const auto channel2 = [&](std::int64_t i) { return input_channel(second, w2.type().shape, channels, i); };
    const auto range1 = largest(w1, channels, channel1);
    const auto range2 = largest(w2, channels, channel2);
    std::vector<double> scale(channels, 1);
    double moved = 0;
    const double least1 = kDead * *std::max_element(range1.begin(), range1.end());
    const double least2 = kDead * *std::max_element(range2.begin(), range2.end());
    for (std::size_t c = 0; c < channels; ++c) {
      if (range1[c] <= least1 || range2[c] <= least2) continue;
      scale[c] = std::sqrt(range1[c] / range2[c]);
      moved = std::max(moved, std::abs(std::log(scale[c])));
    }
    replace(pair.first, 1, scaled(w1, [&](std::int64_t i) { return 1 / scale[channel1(i)]; }));
    replace(pair.second, 1, scaled(w2, [&](std::int64_t i) { return scale[channel2(i)]; }));
    const auto& inputs = patch_.node(pair.first).inputs;
    if (inputs.size() > 2 && inputs[2].valid())
      replace(pair.first, 2, scaled(*patch_.constant(inputs[2]), [&](std::int64_t i) {
                return 1 / scale[static_cast<std::size_t>(i)];
              }));
    return moved;
  }

  static std::vector<double> largest(const Tensor& tensor, std::size_t channels, const auto& channel_of) {
    std::vector<double> result(channels, 0);
    const auto values = tensor.floats();
    for (std::size_t i = 0; i < values.size(); ++i) {
      double& entry = result.at(channel_of(static_cast<std::int64_t>(i)));
      entry = std::max(entry, std::abs(static_cast<double>(values[i])));
    }
    return result;
  }

  static Tensor scaled(const Tensor& tensor, const auto& factor) {
    const auto values = tensor.floats();
    std::vector<float> result(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      result[i] = static_cast<float>(static_cast<double>(values[i]) * factor(static_cast<std::int64_t>(i)));
    return Tensor::reals(tensor.type().shape, result).with_type(tensor.type());
  }

  void replace(NodeId id, std::size_t input, Tensor tensor) {
    patch_.set_constant(patch_.node(id).inputs[input], std::move(tensor));
  }

  const Graph& graph_;
  Patch patch_;
};

}  // namespace

Graph equalize(const Graph& graph) {
  Graph result = Equalizer(graph).run();
  verify(result, Stage::Mixed, "equalize");
  return result;
}

}  // namespace mote
