#include "compress/quantize/lower_qdq.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "compress/quantize/layer_chain.h"
#include "compress/quantize/lower_layer.h"
#include "compress/quantize/weighted.h"
#include "ir/patch.h"
#include "ops/dequantize.h"
#include "ops/operator_list.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/requantize.h"
#include "ops/softmax.h"
#include "ops/unary.h"

namespace mote {

namespace {

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Operators that pass elements of their first input on; the result has its encoding.
bool moves_elements(const Operator& op) {
  constexpr std::array<std::string_view, 13> kNames = {
      "Transpose",    "Reshape", "Slice",   "Split",     "Pad",       "Gather",  "DepthToSpace",
      "SpaceToDepth", "Resize",  "MaxPool", "ReduceMax", "ReduceMin", "Identity"};
  return contains(kNames, op.name());
}

bool has_weights(const Operator& op) {
  constexpr std::array<std::string_view, 4> kNames = {"Conv2D", "DepthwiseConv2D", "ConvTranspose2D",
                                                      "FullyConnected"};
  return contains(kNames, op.name());
}

// Operators with an integer law from encodings to an encoding, besides those with weights.
bool has_integer_law(const Operator& op) {
  constexpr std::array<std::string_view, 12> kNames = {"MatMul",    "Add",     "Sub",         "Mul",
                                                       "Div",       "Minimum", "Maximum",     "ReduceMean",
                                                       "ReduceSum", "PRelu",   "AveragePool", "Pow"};
  return contains(kNames, op.name()) || dynamic_cast<const Unary*>(&op) || dynamic_cast<const Softmax*>(&op);
}

struct Bounds {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

std::optional<Bounds> activation_bounds(const Operator& op) {
  const auto* unary = dynamic_cast<const Unary*>(&op);
  if (!unary) return std::nullopt;
  Bounds bounds;
  if (unary->function == "Relu" || unary->function == "Relu6") bounds.min = 0;
  if (unary->function == "Relu6") bounds.max = 6;
  if (unary->function == "Clip")
    bounds = {static_cast<double>(unary->alpha), static_cast<double>(unary->beta)};
  if (bounds.min == -bounds.max) return std::nullopt;  // no bound at all
  return bounds;
}

// The operator with its fused activation tightened, or nothing when it has none.
OperatorPtr with_bounds(const OperatorPtr& op, const Bounds& bounds) {
  Fields fields = op->fields();
  int found = 0;
  for (auto& [name, value] : fields) {
    if (name == "clamp_min") value = std::max(std::get<double>(value), bounds.min);
    if (name == "clamp_max") value = std::min(std::get<double>(value), bounds.max);
    found += name == "clamp_min" || name == "clamp_max" ? 1 : 0;
  }
  return found == 2 ? make_operator(op->name(), fields) : nullptr;
}

bool is_activation_encoding(const Encoding& e) {
  return e.is_quantized() && !e.is_per_axis() && e.bits() <= 16;
}

class Lowering {
 public:
  Lowering(const Graph& graph, Unquantized unquantized)
      : graph_(graph),
        unquantized_(unquantized),
        real_(graph.values().size()),
        integer_(graph.values().size()),
        absorbed_(graph.nodes().size(), false) {}

  Graph run() {
    patch_.set_name(graph_.name());
    for (const ValueId v : graph_.inputs()) own(v) = patch_.add_input(graph_.value(v).name, graph_.type(v));
    for (std::uint32_t v = 0; v < graph_.values().size(); ++v)
      if (const Value& value = graph_.values()[v]; value.constant)
        own(ValueId{v}) = patch_.add_constant(value.name, *value.constant);
    for (const NodeId n : node_ids(graph_))
      if (!absorbed_[n.index]) lower(n);
    add_outputs();
    return std::move(patch_).apply();
  }

 private:
  // The new value in the form that the old one had.
  ValueId& own(ValueId v) { return (graph_.type(v).encoding.is_real() ? real_ : integer_)[v.index]; }
  ValueId integer(ValueId v) const { return v.valid() ? integer_[v.index] : ValueId{}; }
  Encoding encoding(ValueId fresh) const { return patch_.type(fresh).encoding; }

  // The value in its old form; a real one whose integers are known is dequantized where it is needed.
  ValueId as_before(ValueId v) {
    if (!v.valid()) return {};
    ValueId& id = own(v);
    if (!id.valid())
      id = patch_.add(std::make_shared<Dequantize>(), {integer_[v.index]}, {}, graph_.value(v).name);
    return id;
  }

  void lower(NodeId n) {
    const Node& node = graph_.node(n);
    const std::string_view name = node.op->name();
    if (name == "Dequantize") {
      integer_[node.outputs[0].index] = integer(node.inputs[0]);
      return;
    }
    if ((name == "ArgMax" || name == "ArgMin") && lower_arg_max(node)) return;
    if (name == "Quantize" ? lower_quantize(node) : is_real(node.outputs[0]) && lower_real(n)) return;
    copy(node);
  }

  bool is_real(ValueId v) const { return graph_.type(v).encoding.is_real(); }

  bool lower_real(NodeId n) {
    const Operator& op = *graph_.node(n).op;
    if (moves_elements(op)) return lower_movement(n);
    if (op.name() == "Concat") return lower_concat(n);
    if (has_weights(op)) return lower_weighted(n);
    if (op.name() == "LayerNormalization") return lower_layer_normalization(n);
    return has_integer_law(op) && lower_arithmetic(n);
  }

  void copy(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId v : node.inputs) inputs.push_back(as_before(v));
    std::vector<TensorType> types;
    std::vector<std::string> names;
    for (const ValueId v : node.outputs) {
      types.push_back(graph_.type(v));
      names.push_back(graph_.value(v).name);
    }
    const auto outputs = patch_.add_node(node.op, inputs, types, node.name, names);
    for (std::size_t i = 0; i < outputs.size(); ++i) own(node.outputs[i]) = outputs[i];
  }

  bool lower_quantize(const Node& node) {
    const ValueId twin = integer(node.inputs[0]);
    if (!twin.valid()) return false;
    const ValueId y = requantized(twin, graph_.type(node.outputs[0]).encoding, node.name,
                                  graph_.value(node.outputs[0]).name);
    if (!y.valid()) return false;
    integer_[node.outputs[0].index] = y;
    return true;
  }

  // Quantization keeps the order: the position among the integers is the same.
  bool lower_arg_max(const Node& node) {
    const ValueId twin = integer(node.inputs[0]);
    if (!twin.valid() || encoding(twin).is_per_axis()) return false;
    const ValueId y = node.outputs[0];
    integer_[y.index] = add_if_legal(node.op, {twin}, {graph_.type(y)}, node.name, {graph_.value(y).name});
    return integer_[y.index].valid();
  }

  // The same reals in another encoding, or an invalid id where no integer law does that.
  ValueId requantized(ValueId x, const Encoding& to, const std::string& name,
                      const std::string& result = {}) {
    if (encoding(x) == to) return x;
    TensorType type = patch_.type(x);
    type.encoding = to;
    return add_if_legal(std::make_shared<Requantize>(), {x}, {type}, name, {result});
  }

  // Adds the node unless the operator refuses these encodings; the id of its first output.
  ValueId add_if_legal(const OperatorPtr& op, const std::vector<ValueId>& inputs,
                       std::vector<TensorType> types, const std::string& name,
                       const std::vector<std::string>& output_names) {
    InputTypes in;
    OutputTypes out;
    for (const ValueId v : inputs) in.push_back(v.valid() ? &patch_.type(v) : nullptr);
    for (const auto& t : types) out.push_back(&t);
    try {
      op->check(in, out);
    } catch (const UserError&) {
      return {};
    }
    return patch_.add_node(op, inputs, std::move(types), name, output_names)[0];
  }

  bool lower_movement(NodeId n) {
    const Node& node = graph_.node(n);
    const ValueId twin = integer(node.inputs[0]);
    if (!twin.valid() || (encoding(twin).is_per_axis() && node.op->name() != "Transpose")) return false;
    std::vector<ValueId> inputs{twin};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) inputs.push_back(as_before(node.inputs[i]));
    InputTypes in;
    for (const ValueId v : inputs) in.push_back(v.valid() ? &patch_.type(v) : nullptr);
    const auto types = node.op->infer(in);
    std::vector<std::string> names;
    for (const ValueId v : node.outputs) names.push_back(graph_.value(v).name);
    const ValueId first = add_if_legal(node.op, inputs, types, node.name, names);
    if (!first.valid()) return false;
    for (std::uint32_t i = 0; i < node.outputs.size(); ++i)
      integer_[node.outputs[i].index] = ValueId{first.index + i};
    return true;
  }

  // The encoding that all readers of a real value quantize it to, seen through data movement and activations.
  std::optional<Encoding> target(ValueId v, int depth = 0) const {
    constexpr int kFarthest = 16;
    if (graph_.is_output(v) || graph_.consumers(v).empty() || depth > kFarthest) return std::nullopt;
    std::optional<Encoding> common;
    for (const NodeId n : graph_.consumers(v)) {
      const Node& reader = graph_.node(n);
      std::optional<Encoding> found;
      if (reader.op->name() == "Quantize")
        found = graph_.type(reader.outputs[0]).encoding;
      else if (reader.outputs.size() == 1 && reader.inputs[0] == v &&
               (moves_elements(*reader.op) || activation_bounds(*reader.op)))
        found = target(reader.outputs[0], depth + 1);
      if (!found || !is_activation_encoding(*found) || (common && *common != *found)) return std::nullopt;
      common = found;
    }
    return common;
  }

  bool lower_concat(NodeId n) {
    const Node& node = graph_.node(n);
    std::vector<ValueId> inputs;
    for (const ValueId v : node.inputs) {
      inputs.push_back(integer(v));
      if (!inputs.back().valid() || !is_activation_encoding(encoding(inputs.back()))) return false;
    }
    const ValueId y = node.outputs[0];
    const Encoding common = target(y).value_or(encoding(inputs[0]));
    for (ValueId& v : inputs) {
      if (encoding(v) != common && !target(y)) return false;
      v = requantized(v, common, node.name);
      if (!v.valid()) return false;
    }
    TensorType type = graph_.type(y);
    type.encoding = common;
    integer_[y.index] = add_if_legal(node.op, inputs, {type}, node.name, {graph_.value(y).name});
    return integer_[y.index].valid();
  }

  // A layer with weights: x, w, bias.
  bool lower_weighted(NodeId n) {
    const Node& node = graph_.node(n);
    const ValueId x = integer(node.inputs[0]);
    const ValueId w = integer(node.inputs[1]);
    if (!x.valid() || !w.valid() || !is_activation_encoding(encoding(x)) || !encoding(w).is_quantized())
      return false;
    if (patch_.constant(w) && encoding(w).bits() <= 8 && encoding(x).bits() <= 8 && lower_chain(n, x, w))
      return true;
    std::vector<ValueId> inputs{x, w, {}};
    if (node.inputs.size() > 2 && node.inputs[2].valid()) {
      inputs[2] = quantized_bias(node.inputs[2], encoding(x), encoding(w));
      if (!inputs[2].valid()) return false;
    }
    return finish_arithmetic(n, inputs);
  }

  // The layer with the channel factors and activations behind it, in the encoding that its readers want, or
  // its sums. Where nothing but an activation follows and steps are small, the bias alone says all:
  // lower_weighted.
  bool lower_chain(NodeId n, ValueId x, ValueId w) {
    const auto chains = layer_chains(graph_, n);
    for (auto chain = chains.rbegin(); chain != chains.rend(); ++chain) {
      const auto wanted = target(chain->y);
      if (!wanted) continue;
      const bool narrow = wanted->max() - wanted->min() <= kNarrow;
      const bool exact = chain->has_factors || narrow || unquantized_ == Unquantized::kSums;
      return exact && add_layer(n, x, w, *chain, &*wanted);
    }
    if (unquantized_ == Unquantized::kReal) return false;
    for (auto chain = chains.rbegin(); chain != chains.rend(); ++chain)
      if (!is_bounded(chain->clamp)) return add_layer(n, x, w, *chain, nullptr);
    return false;
  }

  bool add_layer(NodeId n, ValueId x, ValueId w, const LayerChain& chain, const Encoding* wanted) {
    const Node& node = graph_.node(n);
    LayerMeaning meaning{encoding(x), *patch_.constant(w), node.op->name() == "DepthwiseConv2D" ? 3 : 0,
                         chain.factor, chain.shift};
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
    if (has_bias) {
      const auto bias = constant_reals(node.inputs[2]);
      if (!bias || bias->size() != meaning.shift.size()) return false;
      for (std::size_t c = 0; c < bias->size(); ++c) meaning.shift[c] += meaning.factor[c] * (*bias)[c];
    }
    OperatorPtr op = without_clamp(*node.op);
    const bool sign = wanted && wanted->is_bipolar();
    if (sign && !(chain.clamp.min < 0 && chain.clamp.max >= 0)) return false;
    if (!sign)
      op = with_bounds(op, {static_cast<double>(chain.clamp.min), static_cast<double>(chain.clamp.max)});
    const auto layer = lower_layer(meaning, wanted, chain.clamp);
    if (!layer) return false;
    TensorType type = graph_.type(chain.y);
    type.encoding = wanted ? *wanted : sums_encoding(layer->bias.type().encoding, type.shape);
    const std::string bias_name =
        has_bias ? graph_.value(node.inputs[2]).name : graph_.value(node.inputs[1]).name + "_bias";
    const ValueId weights = patch_.add_constant(graph_.value(node.inputs[1]).name, layer->weights);
    const ValueId result = add_if_legal(op, {x, weights, patch_.add_constant(bias_name, layer->bias)}, {type},
                                        node.name, {graph_.value(chain.y).name});
    if (!result.valid()) return false;
    for (const NodeId f : chain.nodes) absorbed_[f.index] = true;
    integer_[chain.y.index] = result;
    return true;
  }

  // That of the bias, along the channels of the result.
  static Encoding sums_encoding(const Encoding& bias, const Shape& shape) {
    Quantization q = bias.quantization();
    if (q.axis >= 0) q.axis = static_cast<int>(shape.size()) - 1;
    return bias.with_quantization(std::move(q));
  }

  // The bias as an s32 constant with the scale of the product.
  ValueId quantized_bias(ValueId bias, const Encoding& x, const Encoding& w) {
    Quantization q{w.is_per_axis() ? 0 : -1, {}, {}};
    for (const float s : w.quantization().scales) q.scales.push_back(x.scale() * s);
    q.zero_points.assign(q.scales.size(), 0);
    if (q.axis == 0 && graph_.type(bias).shape != Shape{static_cast<std::int64_t>(q.scales.size())})
      return {};
    return quantized_constant(bias, Encoding::integer(32, true).with_quantization(std::move(q)));
  }

  // A constant, whatever form it has, in an s32 encoding; an invalid id where the value is no constant.
  ValueId quantized_constant(ValueId v, const Encoding& encoding) {
    const auto reals = constant_reals(v);
    if (!reals) return {};
    std::vector<std::int64_t> integers;
    for (std::size_t c = 0; c < reals->size(); ++c) {
      const double value = std::round((*reals)[c] / static_cast<double>(encoding.scale(c)));
      integers.push_back(static_cast<std::int64_t>(
          std::clamp(value, static_cast<double>(encoding.min()), static_cast<double>(encoding.max()))));
    }
    const TensorType type{graph_.type(v).shape, encoding, {}};
    return patch_.add_constant(graph_.value(v).name, Tensor::integers(type, integers));
  }

  std::optional<std::vector<double>> constant_reals(ValueId v) const {
    const ValueId twin = integer(v);
    const Tensor* tensor = twin.valid() ? patch_.constant(twin) : graph_.constant(v);
    if (!tensor) return std::nullopt;
    return dequantized(widen(*tensor));
  }

  bool lower_arithmetic(NodeId n) {
    const Node& node = graph_.node(n);
    std::vector<ValueId> inputs;
    for (const ValueId v : node.inputs) {
      inputs.push_back(integer(v));
      if (v.valid() && (!inputs.back().valid() || !is_activation_encoding(encoding(inputs.back()))))
        return false;
    }
    return finish_arithmetic(n, inputs);
  }

  // x, gamma, beta: a gamma of ones is none; beta takes gamma's scale times 2^-12 (docs/numerics.md,
  // equations 41 to 44).
  bool lower_layer_normalization(NodeId n) {
    const Node& node = graph_.node(n);
    const ValueId x = integer(node.inputs[0]);
    if (!x.valid() || !is_activation_encoding(encoding(x))) return false;
    std::vector<ValueId> inputs{x, {}, {}};
    float scale = 1;
    if (node.inputs.size() > 1 && node.inputs[1].valid()) {
      const auto reals = constant_reals(node.inputs[1]);
      const bool ones = reals && std::all_of(reals->begin(), reals->end(), [](double g) { return g == 1; });
      inputs[1] = ones ? ValueId{} : integer(node.inputs[1]);
      if (!ones && (!inputs[1].valid() || !is_activation_encoding(encoding(inputs[1])))) return false;
      if (!ones) scale = encoding(inputs[1]).scale();
    }
    if (node.inputs.size() > 2 && node.inputs[2].valid()) {
      inputs[2] = quantized_constant(node.inputs[2], Encoding::affine(32, true, std::ldexp(scale, -12), 0));
      if (!inputs[2].valid()) return false;
    }
    return finish_arithmetic(n, inputs);
  }

  // The encoding in which the operator's law gives its result, when the reader wants `wanted`.
  Encoding result_encoding(const Operator& op, const Encoding& input, const Encoding& wanted) const {
    if (dynamic_cast<const Softmax*>(&op)) return softmax_encoding(op.name(), input);
    return op.name() == "AveragePool" ? input : wanted;
  }

  // An average over the whole image whose result has another encoding is a mean: one rounding instead of two.
  OperatorPtr lowered_operator(const Node& node, const Encoding& input, const Encoding& wanted) const {
    const auto* pool = node.as<Pool>();
    if (!pool || pool->is_max() || input == wanted) return node.op;
    const Shape& image = graph_.type(node.inputs[0]).shape;
    const bool whole = pool->window == std::vector<std::int64_t>{image[1], image[2]} &&
                       pool->padding == std::vector<std::int64_t>(4, 0) &&
                       pool->clamp_min == -pool->clamp_max && std::isinf(pool->clamp_max);
    if (!whole || graph_.type(node.outputs[0]).shape[1] != 1 || graph_.type(node.outputs[0]).shape[2] != 1)
      return node.op;
    Reduce mean;
    mean.function = "Mean";
    mean.axes = {1, 2};
    return std::make_shared<Reduce>(mean);
  }

  bool finish_arithmetic(NodeId n, const std::vector<ValueId>& inputs) {
    const Node& node = graph_.node(n);
    ValueId y = node.outputs[0];
    const auto wanted = target(y);
    if (!wanted) return false;
    OperatorPtr op = lowered_operator(node, encoding(inputs[0]), *wanted);
    std::vector<NodeId> fused;
    while (graph_.consumers(y).size() == 1) {
      const NodeId reader = graph_.consumers(y)[0];
      const auto bounds = activation_bounds(*graph_.node(reader).op);
      const OperatorPtr tighter = bounds ? with_bounds(op, *bounds) : nullptr;
      if (!tighter) break;
      op = tighter;
      fused.push_back(reader);
      y = graph_.node(reader).outputs[0];
    }
    TensorType type = graph_.type(y);
    type.encoding = result_encoding(*op, encoding(inputs[0]), *wanted);
    const ValueId result = add_if_legal(op, inputs, {type}, node.name, {graph_.value(y).name});
    if (!result.valid()) return false;
    for (const NodeId f : fused) absorbed_[f.index] = true;
    integer_[y.index] = result;
    return true;
  }

  void add_outputs() {
    std::set<ValueId> taken;
    for (const ValueId v : graph_.inputs()) taken.insert(own(v));
    for (const ValueId v : graph_.outputs()) {
      ValueId id = as_before(v);
      const std::string& name = graph_.value(v).name;
      if (!taken.insert(id).second) {
        Unary identity;
        identity.function = "Identity";
        id = patch_.add(std::make_shared<Unary>(identity), {id}, {}, name);
      }
      patch_.set_value_name(id, name);
      patch_.add_output(id);
    }
  }

  static constexpr std::int64_t kNarrow = 15;  // steps: at most 4 bits

  const Graph& graph_;
  const Unquantized unquantized_;
  Patch patch_;
  std::vector<ValueId> real_, integer_;  // by old value; either may be missing
  std::vector<bool> absorbed_;           // by node: fused into an earlier one
};

}  // namespace

Graph lower_qdq(const Graph& graph, Unquantized unquantized) { return Lowering(graph, unquantized).run(); }

}  // namespace mote
