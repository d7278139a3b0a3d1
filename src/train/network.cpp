#include "train/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/rng.h"
#include "ops/batch_normalization.h"
#include "ops/quant.h"
#include "ops/softmax.h"
#include "ops/unary.h"
#include "train/network_body.h"
#include "train/quantizer_list.h"

namespace mote::train {

namespace {

torch::Tensor to_torch(const Tensor& tensor) {
  const Array array = widen(tensor);
  const Shape& shape = tensor.type().shape;
  if (array.encoding().is_real())
    return torch::tensor(std::vector<float>(array.real.begin(), array.real.end()), at::kFloat).view(shape);
  return torch::tensor(array.integer, at::kLong).view(shape);
}

bool is_quantizer(const Node& node) {
  return node.op->name() == "Quant" || node.op->name() == "BipolarQuant";
}

std::vector<std::string> unique_names(const Graph& graph) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < graph.values().size(); ++i) {
    std::string name = graph.values()[i].name;
    if (name.empty() || !taken.insert(name).second) {
      name = fmt::format("{}#{}", name, i);
      taken.insert(name);
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<bool> find_varying(const Graph& graph) {
  std::vector<bool> varies(graph.values().size(), false);
  for (const ValueId input : graph.inputs()) varies[input.index] = true;
  for (const Node& node : graph.nodes())
    for (const ValueId in : node.inputs)
      if (in.valid() && varies[in.index])
        for (const ValueId out : node.outputs) varies[out.index] = true;
  return varies;
}

// Values whose last reader is the step; graph outputs and constants stay.
std::vector<std::vector<ValueId>> find_last_uses(const Graph& graph) {
  std::vector<std::vector<ValueId>> released(graph.nodes().size());
  for (std::uint32_t v = 0; v < graph.values().size(); ++v) {
    const ValueId value{v};
    const auto readers = graph.consumers(value);
    if (graph.constant(value) || graph.is_output(value) || readers.empty()) continue;
    released[std::max_element(readers.begin(), readers.end())->index].push_back(value);
  }
  return released;
}

// The method for a node: its override, else the option; the stand-in where the method has no such width.
std::string method_of(const NetworkOptions& options, const Graph& graph, const Node& node,
                      const QuantizerSpec& spec) {
  const auto named = [&](const std::string& name) -> const std::string* {
    const auto found = options.overrides.find(name);
    return name.empty() || found == options.overrides.end() ? nullptr : &found->second;
  };
  if (const auto* name = named(node.name)) return *name;
  if (const auto* name = named(graph.value(node.outputs[0]).name)) return *name;
  const std::string& method = spec.weights ? options.weights : options.activations;
  if (method == kFixedQuantizer) return method;
  const QuantizerRow& row = find_quantizer(method);
  return spec.bits >= row.min_bits && spec.bits <= row.max_bits ? method : options.other_widths;
}

// The integer law gives the result of a softmax one encoding: nothing to learn.
bool is_prescribed(const Graph& graph, const Node& quantizer) {
  const NodeId producer = graph.value(quantizer.inputs[0]).producer;
  return producer.valid() && graph.node(producer).as<Softmax>();
}

std::unique_ptr<Quantizer> make_quantizer(const NetworkOptions& options, const Graph& graph, NodeId id,
                                          const QuantizerSpec& spec) {
  const std::string method = method_of(options, graph, graph.node(id), spec);
  if (method == kFixedQuantizer || is_prescribed(graph, graph.node(id))) return nullptr;
  const QuantizerRow& row = find_quantizer(method);
  const auto refuse = [&](const std::string& why) {
    throw UserError({"the method " + method + " does not suit a quantizer", graph.describe(id), why,
                     "choose another method; `mote quantize --method list` says what each is for"});
  };
  if (!(spec.weights ? row.weights : row.activations))
    refuse(spec.weights ? "it is not for weights" : "it is not for activations");
  if (spec.bits < row.min_bits || spec.bits > row.max_bits)
    refuse(fmt::format("it is for {} to {} bits, the node has {}", row.min_bits, row.max_bits, spec.bits));
  return row.make(spec);
}

// The Relu in front of the quantizer, if nothing else reads its result.
std::optional<NodeId> absorbable_relu(const Graph& graph, const Node& quantizer) {
  const ValueId x = quantizer.inputs[0];
  const NodeId producer = graph.value(x).producer;
  if (!producer.valid() || graph.consumers(x).size() != 1 || graph.is_output(x)) return {};
  const auto* unary = graph.node(producer).as<Unary>();
  return unary && unary->function == "Relu" ? std::optional(producer) : std::nullopt;
}

[[noreturn]] void refuse_node(const Graph& graph, NodeId id, const std::string& why) {
  throw UserError({"the network cannot be trained", graph.describe(id), why,
                   "train the float model, before its conversion to integers; leave index computations out"});
}

}  // namespace

QuantizerSpec quantizer_spec(const Graph& graph, const Node& node) {
  QuantizerSpec spec;
  const Shape& scale = graph.type(node.inputs[1]).shape;
  const std::size_t rank = graph.type(node.inputs[0]).shape.size();
  for (std::size_t a = 0; a < scale.size(); ++a)
    if (scale[a] > 1) {
      spec.axis = static_cast<int>(a + rank - scale.size());
      spec.channels = scale[a];
    }
  spec.weights = graph.constant(node.inputs[0]) != nullptr;
  if (spec.weights) spec.shape = graph.type(node.inputs[0]).shape;
  spec.bits = 1;
  if (const auto* quant = node.as<Quant>()) {
    spec.bits = static_cast<int>(quant->bits);
    spec.is_signed = quant->is_signed;
    spec.narrow = quant->narrow;
  }
  return spec;
}

Network::Network(const Graph& graph, const NetworkOptions& options) : body_(std::make_unique<Body>()) {
  Body& b = *body_;
  b.graph = graph;
  b.options = options;
  b.varies = find_varying(graph);
  b.names = unique_names(graph);
  b.trainable = find_trainable(graph);
  b.constants.resize(graph.values().size());
  for (std::uint32_t v = 0; v < graph.values().size(); ++v)
    if (const Tensor* constant = graph.constant(ValueId{v})) b.constants[v] = to_torch(*constant);
  for (const Trainable& t : b.trainable) b.constant(t.value).requires_grad_(true);

  auto released = find_last_uses(graph);
  b.steps.resize(graph.nodes().size());
  std::map<ValueId, NodeId> by_scale;
  for (const NodeId id : node_ids(graph)) {
    const Node& node = graph.node(id);
    Step& step = b.steps[id.index];
    step.node = id;
    step.released = std::move(released[id.index]);
    step.updates_statistics =
        node.as<BatchNormalization>() && graph.constant(node.inputs[3]) && graph.constant(node.inputs[4]);
    if (is_quantizer(node)) {
      step.spec = quantizer_spec(graph, node);
      const auto [shared, is_new] = by_scale.try_emplace(node.inputs[1], id);
      Step& before = b.steps[shared->second.index];
      step.quantizer =
          is_new || step.spec.weights ? make_quantizer(options, graph, id, step.spec) : before.quantizer;
      if (step.quantizer && step.quantizer == before.quantizer && !is_new) {
        step.first = before.last = false;
        shared->second = id;
      }
    }
    if (step.quantizer) {
      const auto relu = step.quantizer->clips_below_zero() ? absorbable_relu(graph, node) : std::nullopt;
      if (relu) b.steps[relu->index].absorbed = true;
      continue;
    }
    step.forward = find_forward(*node.op);
    if (!step.forward) refuse_node(graph, id, std::string(node.op->name()) + " has no form in real numbers");
  }
}

Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

namespace {

// How many times the graph's outermost extent the inputs have; the same for all.
std::int64_t batches_of(const Graph& graph, const std::vector<torch::Tensor>& inputs) {
  MOTE_CHECK(inputs.size() == graph.inputs().size());
  std::int64_t batches = 1;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    Shape shape = inputs[i].sizes().vec();
    if (!shape.empty() && !value.type.shape.empty() && value.type.shape[0] > 0) {
      batches = shape[0] / value.type.shape[0];
      shape[0] = shape[0] % value.type.shape[0] == 0 ? value.type.shape[0] : shape[0];
    }
    if (shape != value.type.shape)
      throw UserError({"the network does not take this batch", value.name,
                       "its samples are " + to_string(inputs[i].sizes().vec()) + ", the input is " +
                           to_string(value.type.shape),
                       "give data of the input's shape"});
  }
  return batches;
}

}  // namespace

std::vector<torch::Tensor> Network::Body::run(const std::vector<torch::Tensor>& inputs, bool training,
                                              bool initialize, const Observer& observer) {
  const std::int64_t batches = batches_of(graph, inputs);
  std::vector<torch::Tensor> values = constants;
  std::vector<torch::Tensor> variances(values.size());  // of weights that are distributions
  for (std::size_t i = 0; i < inputs.size(); ++i) values[graph.inputs()[i].index] = inputs[i];
  std::map<const Quantizer*, std::vector<torch::Tensor>> waiting;
  for (Step& step : steps) {
    const Node& node = graph.node(step.node);
    ForwardCall call{node,
                     {},
                     batches,
                     step.updates_statistics && (training ? statistics == Statistics::Batch : measuring),
                     options.batch_norm_momentum};
    for (const ValueId in : node.inputs)
      call.inputs.push_back(in.valid() ? values[in.index] : torch::Tensor());
    ForwardResult results;
    if (step.quantizer && initialize && !step.last) {
      results = {call.x()};  // what shares a quantizer is looked at together, at the last
      waiting[step.quantizer.get()].push_back(call.x().flatten());
    } else if (step.quantizer) {
      if (initialize) {
        auto& seen = waiting[step.quantizer.get()];
        if (!seen.empty()) seen.push_back(call.x().flatten());
        step.quantizer->initialize(seen.empty() ? call.x() : torch::cat(seen));
      }
      const auto moments = training ? step.quantizer->moments() : std::nullopt;
      results = {moments ? moments->mean : step.quantizer->forward(call.x(), training)};
      if (moments) variances[node.outputs[0].index] = moments->variance;
    } else if (step.absorbed && !initialize && !observer) {
      results = {call.x()};
    } else if (node.inputs.size() > 1 && node.inputs[1].valid() &&
               variances[node.inputs[1].index].defined()) {
      results = forward_sampled(call, variances[node.inputs[1].index]);
    } else {
      results = step.forward(call);
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      const ValueId out = node.outputs[i];
      const Shape& shape = graph.type(out).shape;
      if (batches != 1 && varies[out.index] && (shape.empty() || results[i].size(0) != shape[0] * batches))
        refuse_node(graph, step.node, "it mixes the samples of a batch");
      if (observer) observer(out, results[i]);
      values[out.index] = std::move(results[i]);
    }
    for (const ValueId value : step.released) values[value.index].reset();
  }
  std::vector<torch::Tensor> outputs;
  for (const ValueId out : graph.outputs()) outputs.push_back(values[out.index]);
  return outputs;
}

std::vector<torch::Tensor> Network::forward(const std::vector<torch::Tensor>& inputs, bool training,
                                            const Observer& observer) {
  return body_->run(inputs, training, false, observer);
}

torch::Tensor Network::forward(const torch::Tensor& x, bool training, const Observer& observer) {
  return body_->run({x}, training, false, observer).at(0);
}

void Network::initialize_quantizers(const torch::Tensor& x) {
  const torch::NoGradGuard no_gradients;
  body_->run({x}, false, true, {});
}

void Network::measure_statistics(const torch::Tensor& x) {
  const torch::NoGradGuard no_gradients;
  body_->measuring = true;
  body_->run({x}, false, false, {});
  body_->measuring = false;
}

void Network::set_statistics(Statistics statistics) { body_->statistics = statistics; }

void Network::set_batch_norm_momentum(double momentum) { body_->options.batch_norm_momentum = momentum; }

void Network::reset_statistics() {
  for (const RunningStatistics& s : find_running_statistics(body_->graph)) {
    body_->constant(s.mean).zero_();
    body_->constant(s.variance).fill_(1);
  }
}

const Graph& Network::graph() const { return body_->graph; }

void set_threads(int threads) { at::set_num_threads(threads); }

}  // namespace mote::train
