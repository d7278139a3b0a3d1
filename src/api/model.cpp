#include <algorithm>

#include "base/file.h"
#include "compress/import.h"
#include "compress/quantize/calibrate.h"
#include "compress/quantize/quantize_post_training.h"
#include "emit/c.h"
#include "format/onnx_writer.h"
#include "ir/text_form.h"
#include "measure/measure.h"
#include "measure/sample_input.h"
#include "mote/mote.h"
#include "ops/encode.h"
#include "report/inspection.h"
#include "run/interpreter.h"

namespace mote {

namespace {

TensorFacts tensor_facts(const Graph& graph, ValueId v) {
  const Value& value = graph.value(v);
  TensorFacts facts{value.name, value.type.shape, to_string(value.type.encoding), {}, {}};
  if (value.type.encoding.is_quantized() && !value.type.encoding.is_per_axis()) {
    facts.scale = value.type.encoding.scale();
    facts.zero_point = value.type.encoding.zero_point();
  }
  return facts;
}

std::vector<Tensor> encode_inputs(const Graph& graph, const std::vector<std::vector<float>>& inputs) {
  if (inputs.size() != graph.inputs().size())
    throw UserError({"the model cannot run on these inputs", graph.name(),
                     std::to_string(inputs.size()) + " inputs were given, it has " +
                         std::to_string(graph.inputs().size()),
                     "give one vector per input"});
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorType& type = graph.type(graph.inputs()[i]);
    if (static_cast<std::int64_t>(inputs[i].size()) != type.elements())
      throw UserError(
          {"the model cannot run on these inputs", graph.value(graph.inputs()[i]).name,
           std::to_string(inputs[i].size()) + " numbers were given, its shape is " + to_string(type.shape),
           "give that many numbers in C order"});
    tensors.push_back(encode_reals(inputs[i], type));
  }
  return tensors;
}

Plan plan_for(const Graph& graph, const std::string& target, const std::string& optimize) {
  const auto aim = find_optimize(optimize);
  if (!aim)
    throw UserError({"cannot plan the network", optimize, "it is not something that mote optimizes for",
                     "give speed, balanced, size or ram"});
  return make_plan(graph, load_target(target), {.optimize = *aim});
}

}  // namespace

Model Model::load(const std::string& path) {
  return Model(std::make_shared<const Graph>(import_model(path)));
}

void Model::save(const std::string& path) const {
  if (path.ends_with(".mote"))
    write_file(path, print(*graph_, {.constant_bytes = true}));
  else
    write_file(path, write_onnx(*graph_));
}

ModelFacts Model::facts(const std::string& target) const {
  const Inspection i = inspect(plan_for(*graph_, target, "speed"));
  ModelFacts facts{to_string(i.stage),
                   i.macs,
                   i.parameters,
                   i.weights_bytes,
                   i.peak_ram_bytes,
                   i.peak_lower_bound_bytes,
                   {},
                   {}};
  for (const ValueId v : graph_->inputs()) facts.inputs.push_back(tensor_facts(*graph_, v));
  for (const ValueId v : graph_->outputs()) facts.outputs.push_back(tensor_facts(*graph_, v));
  return facts;
}

std::vector<std::vector<float>> Model::run(const std::vector<std::vector<float>>& inputs) const {
  std::vector<std::vector<float>> outputs;
  for (const Tensor& t : interpret(*graph_, encode_inputs(*graph_, inputs)))
    outputs.push_back(decode_reals(t));
  return outputs;
}

Model Model::quantize(const std::vector<std::vector<std::vector<float>>>& calibration) const {
  std::vector<std::vector<Tensor>> samples;
  for (const auto& sample : calibration) samples.push_back(encode_inputs(*graph_, sample));
  return Model(
      std::make_shared<const Graph>(quantize_post_training(*graph_, calibrate(*graph_, samples), {})));
}

CompiledFiles Model::compile(const std::string& target, const std::string& folder, const std::string& name,
                             const std::string& optimize) const {
  const Graph graph = prepare_model(*graph_, {}).graph;
  const Artifact a = emit_c(plan_for(graph, target, optimize), {.name = name, .folder = folder});
  return {a.name, folder, a.arena_bytes, a.weights_bytes};
}

MeasuredCost Model::measure(const std::string& target, const std::string& optimize) const {
  const TemporaryFolder folder;
  const Plan plan = plan_for(prepare_model(*graph_, {}).graph, target, optimize);
  const Artifact artifact = emit_c(plan, {.name = "model", .folder = folder.path()});
  Sample sample;
  for (const Tensor& t : sample_inputs(*graph_)) sample.emplace_back(t.bytes().begin(), t.bytes().end());
  const Measurement m = mote::measure(artifact, plan.target, sample);
  return {m.instructions,           m.flash.code_bytes, m.flash.weights_bytes, m.flash.startup_bytes,
          m.ram.arena_bytes,        m.ram.static_bytes, m.ram.stack_bytes,     m.estimate.seconds,
          m.estimate.energy_joules, m.measured_seconds};
}

std::vector<std::string> targets() { return list_targets(); }

}  // namespace mote
