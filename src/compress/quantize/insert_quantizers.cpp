#include "compress/quantize/insert_quantizers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>

#include "base/error.h"
#include "compress/quantize/quantizer_sites.h"
#include "ir/patch.h"
#include "ir/verify.h"
#include "ops/bipolar_quant.h"
#include "ops/operator_list.h"
#include "ops/quant.h"
#include "ops/softmax.h"
#include "ops/unary.h"

namespace mote {

namespace {

// Scale and zero point of a quantizer, as constants of the graph.
struct Step {
  ValueId scale, zero_point;  // zero_point: none for bipolar quantizers
};

class Inserter {
 public:
  Inserter(const Graph& graph, const QuantizerSites& sites, const Calibration* calibration,
           const RangeOptions& ranges)
      : graph_(graph), sites_(sites), calibration_(calibration), ranges_(ranges), patch_(graph) {
    for (std::uint32_t v = 0; v < graph.values().size(); ++v) current_.push_back(ValueId{v});
  }

  Graph run() {
    for (const WeightSite& site : sites_.weights) quantize_weights(site);
    for (const ActivationSite& site : sites_.activations) group_sites_[site.group].push_back(site);
    for (const auto& [id, group] : group_sites_) quantize_group(group);
    for (const ValueId v : sites_.prescribed) quantize_softmax(v);
    for (const NarrowSite& site : sites_.narrow) quantize_reads(site);
    return std::move(patch_).apply();
  }

 private:
  ValueId constant(const std::string& name, Shape shape, const std::vector<float>& values) {
    return patch_.add_constant(name, Tensor::reals(std::move(shape), values));
  }

  // The quantizer's node; the id of its result.
  ValueId add_quantizer(ValueId x, const Step& step, int bits, bool is_signed, bool narrow) {
    OperatorPtr op;
    std::vector<ValueId> inputs{x, step.scale};
    if (bits == 1) {
      op = std::make_shared<BipolarQuant>();
    } else {
      auto quant = std::make_shared<Quant>();
      quant->bits = static_cast<float>(bits);
      quant->is_signed = is_signed;
      quant->narrow = narrow;
      op = quant;
      inputs.push_back(step.zero_point);
    }
    const std::string name = patch_.value_name(x) + "_quant";
    ++added_;
    return patch_.add_node(op, inputs, {patch_.type(x)}, name, {name})[0];
  }

  // All readers of v take the quantized value.
  void quantize_value(ValueId v, const Step& step, int bits, bool is_signed) {
    const ValueId q = add_quantizer(v, step, bits, is_signed, false);
    patch_.replace_uses(v, q, NodeId{static_cast<std::uint32_t>(graph_.nodes().size() + added_ - 1)});
    if (graph_.is_output(v)) {
      patch_.set_value_name(q, graph_.value(v).name);
      patch_.set_value_name(v, graph_.value(v).name + "_real");
    }
    current_[v.index] = q;
  }

  void quantize_weights(const WeightSite& site) {
    const ValueId w = graph_.node(site.node).inputs[site.input];
    const Tensor& weights = *graph_.constant(w);
    std::vector<float> scales;
    if (site.bits == 1) {
      scales = mean_magnitudes(weights, site.axis);
    } else {
      const RangeMethod method = site.bits < 8 ? RangeMethod::kMse : RangeMethod::kMinMax;
      scales = weight_encoding(weights, site.axis, site.bits, method).quantization().scales;
    }
    Shape shape;
    if (site.axis >= 0) {
      shape.assign(weights.type().shape.size(), 1);
      shape[static_cast<std::size_t>(site.axis)] = static_cast<std::int64_t>(scales.size());
    }
    // readers of other formats may have made the constant out of one with a name
    if (graph_.value(w).name.empty()) patch_.set_value_name(w, layer_key(graph_, site.node) + "_weight");
    const std::string name = patch_.value_name(w);
    const Step step{constant(name + "_scale", shape, scales), constant(name + "_zero_point", {}, {0.0F})};
    const ValueId q = add_quantizer(w, step, site.bits, true, true);
    std::vector<ValueId> inputs = patch_.node(site.node).inputs;
    inputs[site.input] = q;
    patch_.set_node_inputs(site.node, inputs);
  }

  static std::vector<float> mean_magnitudes(const Tensor& weights, int axis) {
    const Shape& shape = weights.type().shape;
    const auto channels = axis < 0 ? 1 : static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]);
    std::vector<double> sums(channels, 0);
    const auto values = weights.floats();
    for (std::size_t i = 0; i < values.size(); ++i)
      sums[axis < 0 ? 0 : static_cast<std::size_t>(axis_index(shape, axis, static_cast<std::int64_t>(i)))] +=
          std::abs(static_cast<double>(values[i]));
    const double per_channel = static_cast<double>(values.size()) / static_cast<double>(channels);
    std::vector<float> scales;
    for (const double sum : sums) {
      const auto mean = static_cast<float>(sum / per_channel);
      scales.push_back(mean >= std::numeric_limits<float>::min() ? mean : 1.0F);
    }
    return scales;
  }

  // What was seen of the value with this name, and of nothing else.
  Histogram observed(ValueId v) const {
    return calibration_ ? calibration_->values.at(v.index).histogram : Histogram();
  }

  // Zero point 0 within the network; its input is affine.
  std::pair<float, float> scale_and_zero(const Histogram& seen, const ActivationSite& site) const {
    if (seen.empty()) return {1.0F, 0.0F};
    if (site.bits == 1) return {1.0F, 0.0F};
    if (!graph_.value(site.value).producer.valid()) {
      const Encoding e =
          affine_encoding(choose_range(seen, site.bits, false, {RangeMethod::kMinMax}), site.bits);
      return {e.scale(), static_cast<float>(e.zero_point())};
    }
    const Range range = choose_range(seen, site.bits, site.is_signed, ranges_);
    const auto top = static_cast<double>(Encoding::integer(site.bits, site.is_signed).max());
    const auto scale = static_cast<float>(range.max / top);
    return {scale >= std::numeric_limits<float>::min() ? scale : 1.0F, 0.0F};
  }

  void quantize_group(const std::vector<ActivationSite>& group) {
    Histogram seen;
    for (const ActivationSite& site : group) seen.merge(observed(site.value));
    const auto [scale, zero] = scale_and_zero(seen, group.front());
    const std::string& name = graph_.value(group.front().value).name;
    const Step step{constant(name + "_scale", {}, {scale}), constant(name + "_zero_point", {}, {zero})};
    for (const ActivationSite& site : group) quantize_value(site.value, step, site.bits, site.is_signed);
  }

  void quantize_softmax(ValueId v) {
    const Node& node = graph_.node(graph_.value(v).producer);
    const Encoding e = softmax_encoding(node.op->name(), Encoding::affine(8, true, 1.0F, 0));
    const std::string& name = graph_.value(v).name;
    const Step step{constant(name + "_scale", {}, {e.scale()}),
                    constant(name + "_zero_point", {}, {static_cast<float>(e.zero_point())})};
    quantize_value(v, step, 8, true);
  }

  void quantize_reads(const NarrowSite& site) {
    const ValueId x = current_[site.value.index];
    const ActivationSite as_site{site.value, 0, site.bits, site.is_signed};
    const auto [scale, zero] = scale_and_zero(observed(site.value), as_site);
    const std::string name = graph_.value(site.value).name + "_to_" + std::to_string(site.bits);
    const Step step{constant(name + "_scale", {}, {scale}), constant(name + "_zero_point", {}, {zero})};
    const ValueId q = add_quantizer(x, step, site.bits, site.is_signed, false);
    for (const NodeId n : site.readers) {
      std::vector<ValueId> inputs = patch_.node(n).inputs;
      inputs[0] = q;
      patch_.set_node_inputs(n, inputs);
    }
  }

  const Graph& graph_;
  const QuantizerSites& sites_;
  const Calibration* calibration_;
  const RangeOptions& ranges_;
  std::vector<ValueId> current_;  // by value of the float graph: what its readers read now
  std::map<std::size_t, std::vector<ActivationSite>> group_sites_;
  std::size_t added_ = 0;  // nodes
  Patch patch_;
};

// The clamps at zero become linear.
Graph without_rectifiers(const Graph& graph, const std::vector<NodeId>& rectifiers) {
  Patch patch(graph);
  for (const NodeId n : rectifiers) {
    const Node& node = graph.node(n);
    if (node.as<Unary>()) {
      patch.replace_uses(node.outputs[0], node.inputs[0]);
      patch.remove_node(n);
      continue;
    }
    Fields fields = node.op->fields();
    for (auto& [name, value] : fields)
      if (name == "clamp_min") value = -std::numeric_limits<double>::infinity();
    patch.set_operator(n, make_operator(node.op->name(), fields));
  }
  return std::move(patch).apply();
}

bool has_quantizers(const Graph& graph) {
  return std::ranges::any_of(graph.nodes(),
                             [](const Node& node) { return node.op->simulates_quantization(); });
}

// What was seen before the rectifiers went, for the values that are still there.
Calibration follow(const Graph& before, const Calibration& calibration, const Graph& after) {
  std::map<std::string, std::uint32_t> by_name;
  for (std::uint32_t v = 0; v < before.values().size(); ++v) by_name[before.values()[v].name] = v;
  Calibration result;
  result.samples = calibration.samples;
  for (const Value& value : after.values())
    result.values.push_back(calibration.values[by_name.at(value.name)]);
  return result;
}

}  // namespace

void check_policy(const QuantizerPolicy& policy) {
  const auto check = [](int bits, int least, const std::string& of) {
    if (bits < least || bits > 8)
      throw UserError({"impossible width of " + of, std::to_string(bits) + " bits",
                       of + " take " + std::to_string(least) + " to 8 bits", "choose one of them"});
  };
  check(policy.bits.weights, 1, "weights");
  check(policy.bits.activations, 1, "activations");
  check(policy.other_bits, 2, "values outside layers");
  if (policy.first_last_bits != 0) check(policy.first_last_bits, 1, "the first and last layer");
  for (const auto& [name, bits] : policy.layers) {
    check(bits.weights, 1, "weights of '" + name + "'");
    check(bits.activations, 1, "activations of '" + name + "'");
  }
}

Graph insert_quantizers(const Graph& graph, const QuantizerPolicy& policy, const Calibration* calibration,
                        const RangeOptions& ranges) {
  check_policy(policy);
  if (has_quantizers(graph)) return graph;
  if (const auto problems = find_problems(graph, Stage::Float); !problems.empty())
    throw UserError({"only a float network can get quantizers", graph.name(), problems[0],
                     "give the model as it was before quantization"});
  MOTE_CHECK(!calibration || calibration->values.size() == graph.values().size(),
             "the calibration is of another graph");
  QuantizerSites sites = find_quantizer_sites(graph, policy);
  if (sites.rectifiers.empty()) return Inserter(graph, sites, calibration, ranges).run();
  const Graph linear = without_rectifiers(graph, sites.rectifiers);
  const Calibration followed = calibration ? follow(graph, *calibration, linear) : Calibration();
  sites = find_quantizer_sites(linear, policy);
  return Inserter(linear, sites, calibration ? &followed : nullptr, ranges).run();
}

}  // namespace mote
