#include "compress/quantize/choose_encodings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "ops/softmax.h"

namespace mote {

namespace {

// The first input and the outputs have one encoding.
constexpr std::array<std::string_view, 13> kPassing = {
    "MaxPool", "AveragePool", "ReduceMax", "ReduceMin", "Pad",          "Split",       "Slice",
    "Reshape", "Transpose",   "Gather",    "Resize",    "DepthToSpace", "SpaceToDepth"};

bool passes(std::string_view op) { return std::find(kPassing.begin(), kPassing.end(), op) != kPassing.end(); }

// What the specification prescribes for an operator's output, if it does.
std::optional<Encoding> prescribed(std::string_view op, int bits) {
  const auto resolution = static_cast<float>(std::ldexp(1.0, -bits));
  const bool wide = bits > 8;
  const auto least = static_cast<std::int32_t>(Encoding::integer(bits, true).min());
  if (op == "Softmax" || op == "LogSoftmax")
    return softmax_encoding(op, Encoding::affine(bits, true, 1.0F, 0));
  if (op == "Sigmoid")
    return Encoding::affine(bits, true, wide ? 2 * resolution : resolution, wide ? 0 : least);
  if (op == "Tanh") return Encoding::affine(bits, true, 2 * resolution, 0);
  return std::nullopt;
}

// Values that must have one encoding: a union-find forest whose roots know what the encoding must cover.
class Groups {
 public:
  Groups(const Graph& graph, const Calibration& calibration, const QuantizeOptions& options)
      : options_(options), parent_(graph.values().size()), groups_(graph.values().size()) {
    std::iota(parent_.begin(), parent_.end(), 0U);
    for (std::uint32_t v = 0; v < parent_.size(); ++v) {
      const Value& value = graph.values()[v];
      if (!value.type.encoding.is_real()) continue;
      if (value.constant)
        groups_[v].constants.add(value.constant->floats());
      else if (!value.producer.valid() || !passes(graph.node(value.producer).op->name()))
        groups_[v].observed = calibration.values.at(v).histogram;  // who passes values on shows nothing new
    }
    for (const NodeId n : node_ids(graph)) connect(graph.node(n), graph);
  }

  Encoding encoding(std::uint32_t v) {
    Group& group = groups_[root(v)];
    if (!group.encoding) group.encoding = choose(group);
    return *group.encoding;
  }

 private:
  struct Group {
    Histogram observed;
    Histogram constants;
    std::optional<Encoding> encoding;
  };

  std::uint32_t root(std::uint32_t v) {
    while (parent_[v] != v) v = parent_[v] = parent_[parent_[v]];
    return v;
  }

  void join(ValueId a, ValueId b) {
    const std::uint32_t to = root(a.index);
    const std::uint32_t from = root(b.index);
    if (to == from) return;
    parent_[from] = to;
    groups_[to].observed.merge(groups_[from].observed);
    groups_[to].constants.merge(groups_[from].constants);
  }

  void connect(const Node& node, const Graph& graph) {
    const std::string_view op = node.op->name();
    const auto is_real = [&](ValueId v) { return v.valid() && graph.type(v).encoding.is_real(); };
    if (passes(op) && is_real(node.inputs.at(0))) {
      for (const ValueId out : node.outputs) join(node.inputs[0], out);
    } else if (op == "Concat" && is_real(node.inputs.at(0))) {
      for (const ValueId in : node.inputs)
        if (!groups_[root(in.index)].encoding) join(node.outputs.at(0), in);
    } else if (is_real(node.outputs.at(0))) {
      groups_[root(node.outputs[0].index)].encoding = prescribed(op, options_.activation_bits);
    }
  }

  Encoding choose(const Group& group) const {
    const int bits = options_.activation_bits;
    const bool symmetric = bits > 8;
    Range range = choose_range(group.constants, bits, symmetric, {RangeMethod::kMinMax});
    const Range seen = choose_range(group.observed, bits, symmetric, options_.ranges);
    range.min = std::min(range.min, seen.min);
    range.max = std::max(range.max, seen.max);
    return symmetric ? symmetric_encoding(range, bits) : affine_encoding(range, bits);
  }

  const QuantizeOptions& options_;
  std::vector<std::uint32_t> parent_;
  std::vector<Group> groups_;
};

}  // namespace

std::vector<Encoding> choose_encodings(const Graph& graph, const Calibration& calibration,
                                       const QuantizeOptions& options) {
  MOTE_CHECK(calibration.values.size() == graph.values().size(), "the calibration is of another graph");
  Groups groups(graph, calibration, options);
  std::vector<Encoding> encodings;
  for (std::uint32_t v = 0; v < graph.values().size(); ++v) {
    const Encoding& own = graph.values()[v].type.encoding;
    encodings.push_back(own.is_real() ? groups.encoding(v) : own);
  }
  return encodings;
}

}  // namespace mote
