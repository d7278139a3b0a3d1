// What a Network has learned: its tensors by name, their initialization, and the way back into the graph.
#include <cmath>
#include <map>

#include "base/rng.h"
#include "ir/patch.h"
#include "ops/bipolar_quant.h"
#include "ops/quant.h"
#include "train/network.h"
#include "train/network_body.h"

namespace mote::train {

namespace {

std::string node_name(const Graph& graph, const std::vector<std::string>& names, NodeId id) {
  return names[graph.node(id).outputs[0].index];
}

Tensor to_reals(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  const auto* data = flat.data_ptr<float>();
  return Tensor::reals(tensor.sizes().vec(), std::vector<float>(data, data + flat.numel()));
}

void fill_normal(torch::Tensor& tensor, double deviation, Rng& rng) {
  std::vector<float> values(static_cast<std::size_t>(tensor.numel()));
  for (float& value : values) value = static_cast<float>(rng.normal() * deviation);
  tensor.copy_(torch::tensor(values).view(tensor.sizes()));
}

}  // namespace

std::vector<Parameter> Network::parameters() const {
  std::vector<Parameter> all;
  for (const Trainable& t : body_->trainable)
    all.push_back({{body_->names[t.value.index], body_->constant(t.value)}, t.role, 1});
  for (const Step& step : body_->steps) {
    if (!step.quantizer || !step.first) continue;
    for (Parameter p : step.quantizer->parameters()) {
      p.name = node_name(body_->graph, body_->names, step.node) + "/" + p.name;
      all.push_back(std::move(p));
    }
  }
  return all;
}

std::vector<NamedTensor> Network::state() const {
  std::vector<NamedTensor> all;
  for (const Parameter& p : parameters()) all.push_back(p);
  for (const RunningStatistics& s : find_running_statistics(body_->graph))
    for (const ValueId value : {s.mean, s.variance})
      all.push_back({body_->names[value.index], body_->constant(value)});
  for (const Step& step : body_->steps) {
    if (!step.quantizer || !step.first) continue;
    for (NamedTensor buffer : step.quantizer->buffers()) {
      buffer.name = node_name(body_->graph, body_->names, step.node) + "/" + buffer.name;
      all.push_back(std::move(buffer));
    }
  }
  return all;
}

void Network::reinitialize(std::uint64_t seed) {
  const torch::NoGradGuard no_gradients;
  Rng rng(seed);
  for (const Trainable& t : body_->trainable) {
    torch::Tensor& tensor = body_->constant(t.value);
    if (t.role == Role::Weight && t.fan_in > 0)
      fill_normal(tensor, std::sqrt(2.0 / static_cast<double>(t.fan_in)), rng);
    if (t.role == Role::Bias) tensor.zero_();
  }
  for (const Step& step : body_->steps) {
    if (!step.updates_statistics) continue;
    const auto& in = body_->graph.node(step.node).inputs;  // x, gamma, beta, mean, variance
    for (const std::size_t i : {1U, 2U})
      if (body_->constant(in[i]).defined()) body_->constant(in[i]).fill_(i == 1 ? 1 : 0);
  }
  reset_statistics();
}

void Network::set_progress(double fraction) {
  for (Quantizer* quantizer : quantizers()) quantizer->set_progress(fraction);
}

torch::Tensor Network::penalty() const {
  torch::Tensor sum;
  for (Quantizer* quantizer : quantizers()) {
    const torch::Tensor term = quantizer->penalty();
    if (term.defined()) sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

std::vector<Quantizer*> Network::quantizers() const {
  std::vector<Quantizer*> all;
  for (const Step& step : body_->steps)
    if (step.quantizer && step.first) all.push_back(step.quantizer.get());
  return all;
}

namespace {

// The scale as a constant that broadcasts to the quantized value: a scalar, or one extent along the axis.
Tensor scale_constant(const ExportedQuant& quant, std::size_t rank) {
  Shape shape;
  if (quant.axis >= 0) {
    shape.assign(rank, 1);
    shape[static_cast<std::size_t>(quant.axis)] = static_cast<std::int64_t>(quant.scale.size());
  }
  MOTE_CHECK(element_count(shape) == static_cast<std::int64_t>(quant.scale.size()));
  return Tensor::reals(shape, quant.scale);
}

OperatorPtr quant_operator(const ExportedQuant& quant) {
  if (quant.bipolar) return std::make_shared<BipolarQuant>();
  auto op = std::make_shared<Quant>();
  op->bits = quant.bits;
  op->is_signed = quant.is_signed;
  op->narrow = quant.narrow;
  op->rounding = quant.rounding;
  return op;
}

// Scale and zero point of each quantizer, once for all its nodes.
using WrittenSteps = std::map<const Quantizer*, std::vector<ValueId>>;

void write_quantizer(Patch& patch, const Graph& graph, const Step& step, const ExportedQuant& quant,
                     WrittenSteps& written) {
  const Node& node = graph.node(step.node);
  const std::string& name = graph.value(node.outputs[0]).name;
  ValueId x = node.inputs[0];
  if (quant.values) x = patch.add_constant(graph.value(x).name, to_reals(*quant.values));
  std::vector<ValueId>& constants = written[step.quantizer.get()];
  if (constants.empty()) {
    const std::size_t rank = graph.type(node.inputs[0]).shape.size();
    constants.push_back(patch.add_constant(name + "_scale", scale_constant(quant, rank)));
    if (!quant.bipolar)
      constants.push_back(patch.add_constant(name + "_zero", Tensor::reals({}, {quant.zero_point})));
  }
  std::vector<ValueId> inputs{x};
  inputs.insert(inputs.end(), constants.begin(), constants.end());
  patch.set_operator(step.node, quant_operator(quant));
  patch.set_node_inputs(step.node, std::move(inputs));
}

}  // namespace

Graph Network::exported() const {
  const torch::NoGradGuard no_gradients;
  const Body& b = *body_;
  Patch patch(b.graph);
  for (const Trainable& t : b.trainable) patch.set_constant(t.value, to_reals(b.constant(t.value)));
  for (const RunningStatistics& s : find_running_statistics(b.graph)) {
    patch.set_constant(s.mean, to_reals(b.constant(s.mean)));
    patch.set_constant(s.variance, to_reals(b.constant(s.variance)));
  }
  WrittenSteps written;
  for (const Step& step : b.steps) {
    if (!step.quantizer) continue;
    const ValueId x = b.graph.node(step.node).inputs[0];
    write_quantizer(patch, b.graph, step, step.quantizer->exported(b.constant(x)), written);
  }
  return std::move(patch).apply();
}

WeightPosterior Network::posterior() const {
  WeightPosterior posterior;
  for (const Step& step : body_->steps) {
    if (!step.quantizer) continue;
    const auto p = step.quantizer->probabilities();
    if (!p) continue;
    const Value& weights = body_->graph.value(body_->graph.node(step.node).inputs[0]);
    const torch::Tensor flat = p->probabilities.to(at::kFloat).contiguous();
    const auto* data = flat.data_ptr<float>();
    posterior.push_back(
        {weights.name, weights.type.shape, p->levels, p->axis, p->scale, {data, data + flat.numel()}});
  }
  return posterior;
}

}  // namespace mote::train
