#include "compress/quantize/quantize_post_training.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "compress/quantize/choose_encodings.h"
#include "compress/quantize/equalize.h"
#include "compress/quantize/quantize_layer.h"
#include "ir/patch.h"
#include "ir/verify.h"
#include "ops/dequantize.h"
#include "ops/layer_normalization.h"
#include "ops/layer_normalization_law.h"
#include "ops/quantize.h"
#include "ops/requantize.h"

namespace mote {

namespace {

class Quantizer {
 public:
  Quantizer(const Graph& graph, const Calibration& calibration, const QuantizeOptions& options)
      : graph_(graph),
        calibration_(calibration),
        options_(options),
        encodings_(choose_encodings(graph, calibration, options)),
        values_(graph.values().size()) {}

  Graph run() && {
    patch_.set_name(graph_.name());
    for (const ValueId v : graph_.inputs()) add_input(v);
    for (const NodeId n : node_ids(graph_)) add_node(n);
    for (const ValueId v : graph_.outputs()) add_output(v);
    Graph result = std::move(patch_).apply();
    verify(result, Stage::Integer, "quantize_post_training");
    return result;
  }

 private:
  bool is_real(ValueId v) const { return graph_.type(v).encoding.is_real(); }
  const Encoding& encoding(ValueId v) const { return encodings_.at(v.index); }
  TensorType quantized_type(ValueId v) const { return {graph_.type(v).shape, encoding(v), {}}; }

  void add_input(ValueId v) {
    const Value& value = graph_.value(v);
    if (!is_real(v) || !options_.float_io) {
      values_[v.index] = patch_.add_input(value.name, quantized_type(v));
      return;
    }
    const ValueId real = patch_.add_input(value.name, value.type);
    values_[v.index] = patch_.add_node(std::make_shared<Quantize>(), {real}, {quantized_type(v)},
                                       value.name + "_quantize", {value.name + "_quantized"})[0];
  }

  void add_output(ValueId v) {
    ValueId made = operand(v);
    if (is_real(v) && options_.float_io) {
      const std::string name = graph_.value(v).name;
      patch_.set_value_name(made, name + "_quantized");
      made = patch_.add_node(std::make_shared<Dequantize>(), {made}, {graph_.type(v)}, name + "_dequantize",
                             {name})[0];
    }
    patch_.add_output(made);
  }

  // The value in the new graph.
  ValueId operand(ValueId v) {
    if (!v.valid()) return {};
    ValueId& made = values_[v.index];
    if (made.valid()) return made;
    const Tensor* constant = graph_.constant(v);
    MOTE_CHECK(constant != nullptr, graph_.value(v).name);
    return made = patch_.add_constant(graph_.value(v).name,
                                      is_real(v) ? quantize_tensor(*constant, encoding(v)) : *constant);
  }

  // The same in another encoding.
  ValueId requantized(ValueId value, const Encoding& wanted) {
    if (patch_.type(value).encoding == wanted) return value;
    for (const ValueId known : requantized_[value])
      if (patch_.type(known).encoding == wanted) return known;
    const std::string name = patch_.value_name(value) + "_requantized";
    const TensorType type{patch_.type(value).shape, wanted, {}};
    const ValueId made = patch_.add_node(std::make_shared<Requantize>(), {value}, {type}, name)[0];
    requantized_[value].push_back(made);
    return made;
  }

  std::vector<ValueId> layer_operands(NodeId id, const WeightedLayer& layer) {
    const Node& node = graph_.node(id);
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2].valid();
    const ValueId x = operand(node.inputs[0]);
    const FloatLayer given{*node.op,
                           layer,
                           graph_.type(node.inputs[0]),
                           calibration_.values.at(node.inputs[0].index).channel_mean,
                           *graph_.constant(node.inputs[1]),
                           has_bias ? graph_.constant(node.inputs[2]) : nullptr};
    const IntegerLayer made = quantize_layer(given, patch_.type(x).encoding, options_);
    std::vector<ValueId> operands{x, patch_.add_constant(graph_.value(node.inputs[1]).name, made.weights)};
    if (made.bias) {
      const std::string name =
          has_bias ? graph_.value(node.inputs[2]).name : graph_.value(node.outputs[0]).name + "_bias";
      operands.push_back(patch_.add_constant(name, *made.bias));
    }
    return operands;
  }

  std::vector<ValueId> plain_operands(NodeId id) {
    const Node& node = graph_.node(id);
    std::vector<ValueId> operands;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId v = node.inputs[i];
      if (node.op->name() == "Concat" && v.valid() && is_real(v))
        operands.push_back(requantized(operand(v), encoding(node.outputs[0])));
      else if (node.op->name() == "Pow" && i == 1 && v.valid() && graph_.constant(v) &&
               graph_.type(v).elements() == 1)
        operands.push_back(exponent(v));
      else
        operands.push_back(operand(v));
    }
    return operands;
  }

  // An exponent must be exact: 1 at the scale of its magnitude, since rounding would make an integer power a
  // fractional one.
  ValueId exponent(ValueId v) {
    const Tensor& constant = *graph_.constant(v);
    if (!is_real(v)) return operand(v);
    const float value = constant.floats()[0];
    const TensorType type{
        constant.type().shape,
        Encoding::affine(options_.activation_bits, true, value == 0 ? 1.0F : std::abs(value), 0),
        {}};
    return patch_.add_constant(graph_.value(v).name, Tensor::integers(type, {value > 0   ? 1
                                                                             : value < 0 ? -1
                                                                                         : 0}));
  }

  // gamma in 16 bits, beta in 32 with the scale that the law gives it.
  std::vector<ValueId> normalization_operands(NodeId id) {
    const Node& node = graph_.node(id);
    std::vector<ValueId> operands{operand(node.inputs[0])};
    float gamma_scale = 1;
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const Tensor* constant = graph_.constant(node.inputs[i]);
      if (!node.inputs[i].valid() || !constant) {
        operands.push_back(operand(node.inputs[i]));
        continue;
      }
      const Encoding encoding =
          i == 1
              ? weight_encoding(*constant, -1, 16, RangeMethod::kMinMax)
              : Encoding::affine(32, true, std::ldexp(gamma_scale, -LayerNormalizationLaw::kFractionBits), 0);
      if (i == 1) gamma_scale = encoding.scale();
      operands.push_back(
          patch_.add_constant(graph_.value(node.inputs[i]).name, quantize_tensor(*constant, encoding)));
    }
    return operands;
  }

  std::vector<ValueId> operands_of(NodeId id) {
    if (const auto layer = weighted_layer(graph_, id)) return layer_operands(id, *layer);
    return graph_.node(id).as<LayerNormalization>() ? normalization_operands(id) : plain_operands(id);
  }

  void add_node(NodeId id) {
    const Node& node = graph_.node(id);
    const std::vector<ValueId> operands = operands_of(id);
    std::vector<TensorType> types;
    std::vector<std::string> names;
    for (const ValueId v : node.outputs) {
      types.push_back(quantized_type(v));
      names.push_back(graph_.value(v).name);
    }
    check(id, operands, types);
    const auto outputs = patch_.add_node(node.op, operands, std::move(types), node.name, std::move(names));
    for (std::size_t i = 0; i < outputs.size(); ++i) values_[node.outputs[i].index] = outputs[i];
  }

  void check(NodeId id, const std::vector<ValueId>& operands, const std::vector<TensorType>& types) const {
    InputTypes inputs;
    for (const ValueId v : operands) inputs.push_back(v.valid() ? &patch_.type(v) : nullptr);
    OutputTypes outputs;
    for (const TensorType& type : types) outputs.push_back(&type);
    try {
      graph_.node(id).op->check(inputs, outputs);
    } catch (const UserError& e) {
      throw UserError({"a layer cannot be quantized", graph_.describe(id),
                       e.parts().what + (e.parts().why.empty() ? "" : ": " + e.parts().why),
                       "replace the operator in the model, or keep the model in float"});
    }
  }

  const Graph& graph_;
  const Calibration& calibration_;
  const QuantizeOptions& options_;
  std::vector<Encoding> encodings_;  // by value of the float graph
  std::vector<ValueId> values_;      // of the new graph, by value of the float graph
  std::map<ValueId, std::vector<ValueId>> requantized_;
  Patch patch_;
};

}  // namespace

void check_options(const QuantizeOptions& options) {
  const auto narrow = [](int bits) { return bits >= 2 && bits <= 8; };
  if (!narrow(options.weight_bits))
    throw UserError({"impossible width of weights", std::to_string(options.weight_bits) + " bits",
                     "weights take 2 to 8 bits", "choose one of them"});
  if (!narrow(options.activation_bits) && options.activation_bits != 16)
    throw UserError({"impossible width of activations", std::to_string(options.activation_bits) + " bits",
                     "activations take 2 to 8 or 16 bits", "choose one of them"});
  const RangeMethod weights = options.weight_ranges.value_or(RangeMethod::kMinMax);
  if (weights != RangeMethod::kMinMax && weights != RangeMethod::kMse)
    throw UserError({"unknown range method of weights", std::string(to_string(weights)),
                     "weights take min-max or mse", "choose one of them"});
}

Graph quantize_post_training(const Graph& float_graph, const Calibration& calibration,
                             const QuantizeOptions& options) {
  check_options(options);
  if (const auto problems = find_problems(float_graph, Stage::Float); !problems.empty())
    throw UserError({"only a float network can be quantized", float_graph.name(), problems[0],
                     "give the model as it was before quantization"});
  return Quantizer(float_graph, calibration, options).run();
}

Graph quantize_with_samples(const Graph& float_graph, const std::vector<std::vector<Tensor>>& samples,
                            const QuantizeOptions& options, const MakeExecutor& make_executor,
                            const Progress& progress) {
  check_options(options);
  const Graph graph = options.equalize ? equalize(float_graph) : float_graph;
  const Calibration calibration =
      calibrate(graph, samples, make_executor ? make_executor(graph) : oracle_executor(graph), progress);
  return quantize_post_training(graph, calibration, options);
}

}  // namespace mote
