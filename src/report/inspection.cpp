#include "report/inspection.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/table.h"
#include "report/timeline.h"

namespace mote {

namespace {

std::string describe_port(const Graph& graph, ValueId v) {
  const Value& value = graph.value(v);
  std::string text = value.name + ": " + to_string(value.type);
  const Encoding& e = value.type.encoding;
  if (e.is_quantized() && !e.is_per_axis())
    text += fmt::format(" scale {} zero point {}", format_float(e.scale()), e.zero_point());
  return text;
}

LayerFacts layer_facts(const Plan& plan, const Step& step) {
  const Graph& graph = plan.graph;
  const Node& node = graph.node(step.node);
  LayerFacts facts;
  facts.name = node.name.empty() ? graph.value(node.outputs[0]).name : node.name;
  facts.operator_name = node.op->name();
  const Tensor* largest = nullptr;
  for (const ValueId v : node.inputs) {
    const Tensor* constant = graph.constant(v);
    if (!constant) {
      if (v.valid()) facts.inputs.push_back(to_string(graph.type(v)));
      continue;
    }
    facts.parameters += constant->type().elements();
    facts.weights_bytes += constant->type().packed_bytes();
    if (!largest || constant->type().elements() > largest->type().elements()) largest = constant;
  }
  if (largest) facts.weights = to_string(largest->type());
  for (const ValueId v : node.outputs) facts.outputs.push_back(to_string(graph.type(v)));
  facts.macs = node.op->macs(graph.input_types(step.node), graph.output_types(step.node));
  if (step.kernel) facts.kernel = step.kernel->name;
  facts.note = step.bound.note;
  for (const RefusedKernel& r : step.refused)
    facts.refused.push_back(std::string(r.kernel) + ": " + r.reason);
  facts.live_bytes = step.live_bytes;
  return facts;
}

std::vector<std::string> find_warnings(const Plan& plan, const Inspection& inspection) {
  const Graph& graph = plan.graph;
  std::vector<std::string> warnings;
  std::int64_t transposed = 0;
  std::size_t transposes = 0;
  for (const NodeId n : node_ids(graph)) {
    if (graph.node(n).op->name() != "Transpose") continue;
    ++transposes;
    transposed += graph.type(graph.node(n).outputs[0]).bytes();
  }
  if (transposes > 0)
    warnings.push_back(
        fmt::format("{} Transpose layer(s) move {} at every inference: the file's layout differs from NHWC",
                    transposes, format_bytes(static_cast<std::uint64_t>(transposed))));
  if (inspection.stage == Stage::Mixed)
    warnings.push_back("float and integer layers are mixed: only the integer ones are exact on every device");
  for (const ValueId v : graph.inputs())
    if (graph.consumers(v).empty() && !graph.is_output(v))
      warnings.push_back("input '" + graph.value(v).name + "' is not used");
  return warnings;
}

std::string percent(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? ""
                    : fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string count(std::int64_t n) { return n == 0 ? "" : format_count(static_cast<std::uint64_t>(n)); }

std::string shape_table(const Inspection& inspection) {
  using enum Table::Align;
  Table table({{"layer", Left},
               {"operator", Left},
               {"input", Left},
               {"output", Left},
               {"weights", Left},
               {"MACs", Right},
               {"share", Right},
               {"parameters", Right},
               {"bytes", Right},
               {"share", Right}});
  for (const LayerFacts& l : inspection.layers)
    table.add_row({l.name, l.operator_name, join(l.inputs, " "), join(l.outputs, " "), l.weights,
                   count(l.macs), percent(l.macs, inspection.macs), count(l.parameters),
                   count(l.weights_bytes), percent(l.weights_bytes, inspection.weights_bytes)});
  return table.text();
}

std::string plan_table(const Inspection& inspection) {
  using enum Table::Align;
  Table table({{"layer", Left},
               {"operator", Left},
               {"kernel", Left},
               {"RAM", Right},
               {"form", Left},
               {"refused", Left}});
  for (const LayerFacts& l : inspection.layers)
    table.add_row({l.name, l.operator_name, l.kernel.empty() ? "(no code)" : l.kernel, count(l.live_bytes),
                   l.note, join(l.refused, "; ")});
  return table.text();
}

}  // namespace

Inspection inspect(const Plan& plan) {
  const Graph& graph = plan.graph;
  Inspection result;
  result.name = graph.name();
  result.stage = stage_of(graph);
  result.target = plan.target.name;
  for (const ValueId v : graph.inputs()) result.inputs.push_back(describe_port(graph, v));
  for (const ValueId v : graph.outputs()) result.outputs.push_back(describe_port(graph, v));
  for (const Step& step : plan.steps) {
    result.layers.push_back(layer_facts(plan, step));
    result.macs += result.layers.back().macs;
  }
  for (const Value& v : graph.values()) {  // each constant once, also when several layers share it
    if (!v.constant) continue;
    result.parameters += v.type.elements();
    result.weights_bytes += v.type.packed_bytes();
  }
  result.peak_ram_bytes = plan.arena_bytes;
  result.peak_lower_bound_bytes = plan.lower_bound_bytes;
  if (plan.peak_step) result.peak_layer = result.layers.at(*plan.peak_step).name;
  result.timeline = timeline_text(plan);
  result.warnings = find_warnings(plan, result);
  return result;
}

std::string to_text(const Inspection& i, bool with_plan) {
  std::string text = fmt::format("{} ({} stage)\n", i.name, to_string(i.stage));
  for (const auto& port : i.inputs) text += "input   " + port + "\n";
  for (const auto& port : i.outputs) text += "output  " + port + "\n";
  text += "\n" + (with_plan ? plan_table(i) : shape_table(i)) + "\n";
  if (with_plan) text += i.timeline + "\n";
  const auto bytes = [](std::int64_t n) { return format_bytes(static_cast<std::uint64_t>(n)); };
  text += fmt::format("MACs         {}\n", format_count(static_cast<std::uint64_t>(i.macs)));
  text += fmt::format("parameters   {}\n", format_count(static_cast<std::uint64_t>(i.parameters)));
  text += fmt::format("weights      {}\n", bytes(i.weights_bytes));
  text +=
      fmt::format("peak RAM     {} on {}, set by '{}'\n", bytes(i.peak_ram_bytes), i.target, i.peak_layer);
  text += fmt::format("lower bound  {} (largest live set)\n", bytes(i.peak_lower_bound_bytes));
  for (const auto& warning : i.warnings) text += "warning: " + warning + "\n";
  return text;
}

nlohmann::json to_json(const Inspection& i) {
  auto layers = nlohmann::json::array();
  for (const LayerFacts& l : i.layers)
    layers.push_back({{"name", l.name},
                      {"operator", l.operator_name},
                      {"inputs", l.inputs},
                      {"outputs", l.outputs},
                      {"weights", l.weights},
                      {"macs", l.macs},
                      {"parameters", l.parameters},
                      {"weights_bytes", l.weights_bytes},
                      {"live_bytes", l.live_bytes},
                      {"kernel", l.kernel},
                      {"note", l.note},
                      {"refused", l.refused}});
  return {{"name", i.name},
          {"stage", to_string(i.stage)},
          {"target", i.target},
          {"inputs", i.inputs},
          {"outputs", i.outputs},
          {"macs", i.macs},
          {"parameters", i.parameters},
          {"weights_bytes", i.weights_bytes},
          {"peak_ram_bytes", i.peak_ram_bytes},
          {"peak_lower_bound_bytes", i.peak_lower_bound_bytes},
          {"peak_layer", i.peak_layer},
          {"warnings", i.warnings},
          {"layers", layers}};
}

}  // namespace mote
