#include "emit/c.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "emit/c_parts.h"
#include "plan/threads.h"

namespace mote {

namespace emit {

std::vector<Port> ports(const Plan& plan, std::span<const ValueId> values) {
  std::vector<Port> result;
  for (const ValueId v : values)
    result.push_back({plan.graph.value(v).name, static_cast<std::uint64_t>(plan.offsets.at(v.index).value()),
                      static_cast<std::uint64_t>(plan.graph.type(v).bytes())});
  return result;
}

namespace {

// Writes NAME.c: collects constants and parameter structs while it goes through the steps.
class SourceWriter {
 public:
  SourceWriter(const Plan& plan, Artifact& artifact)
      : plan_(plan), artifact_(artifact), constants_(artifact.name + "_w") {}

  // NAME.c
  std::string write() {
    step_numbers_.assign(plan_.steps.size(), 0);
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      if (plan_.steps[s].kernel) write_step(s);
      for (std::size_t g = 0; g < plan_.groups.size(); ++g)
        if (plan_.groups[g].end_step == s + 1) write_group(g);
    }
    write_constant_outputs();
    const KernelText kernels = gather_kernels(files_);
    artifact_.weights_bytes = constants_.bytes();
    artifact_.uses_math = kernels.system_headers.contains("math.h");
    std::string text =
        fmt::format("/* {}: made by mote from '{}'. See {}.h. */\n#include \"{}.h\"\n\n", artifact_.name,
                    comment_safe(plan_.graph.name()), artifact_.name, artifact_.name);
    for (const std::string& header : kernels.system_headers) text += "#include <" + header + ">\n";
    text += "\n" + kernels.text;
    for (const std::string& declaration : declarations_) text += declaration;
    text += "\n/* constants */\n\n" + constants_.definitions() + "\n/* parameters of the steps */\n\n" +
            params_ + "\n/* steps */\n\n" + steps_;
    return text + (plan_.feed ? feed_text(plan_, artifact_.name, copies_, calls_) : run_text());
  }

  std::string run_text() const {
    const std::string body = copies_ + calls_;
    return fmt::format(
        "void {}_run(void *arena)\n{{\n  unsigned char *base = (unsigned char *)arena;\n{}}}\n",
        artifact_.name, body.empty() ? "  (void)base;\n" : body);
  }

  // NAME.S, after write(); empty where no kernel has assembly.
  std::string assembly() const { return assembly_.text(artifact_.name); }

 private:
  const Graph& graph() const { return plan_.graph; }

  std::string place(ValueId v) {
    if (const Tensor* constant = graph().constant(v); constant && !plan_.offsets[v.index])
      return "(const void *)" + constants_.add(constant_array(*constant));
    return fmt::format("(void *)(arena + {})", plan_.offsets.at(v.index).value());
  }

  std::string literal(const Parameter& p) {
    if (const auto* number = std::get_if<std::int64_t>(&p.value)) return c_integer(*number);
    if (const auto* real = std::get_if<float>(&p.value)) return c_float(*real);
    if (const auto* array = std::get_if<ConstantArray>(&p.value))
      return array->bytes.empty() ? "0" : constants_.add(*array);
    if (const auto* symbol = std::get_if<Symbol>(&p.value)) {
      const std::string name = artifact_.name + "_" + symbol->name;
      declarations_.insert(fmt::format("extern {} {};\n", symbol->c_type, name));
      return name;
    }
    std::string list;
    for (const std::int64_t v : std::get<std::vector<std::int64_t>>(p.value))
      list += (list.empty() ? "" : ", ") + c_integer(v);
    return "{" + list + "}";
  }

  void write_params(const std::string& symbol, const KernelCall& call) {
    params_ += fmt::format("static const {} {} = {{\n", call.params_type, symbol);
    for (const Parameter& p : call.params) params_ += fmt::format("  .{} = {},\n", p.name, literal(p));
    params_ += "};\n";
  }

  void use_file(const std::string& file) {
    if (std::find(files_.begin(), files_.end(), file) == files_.end()) files_.push_back(file);
  }

  bool in_group(std::size_t s) const {
    return std::any_of(plan_.groups.begin(), plan_.groups.end(),
                       [&](const Group& g) { return g.first_step <= s && s < g.end_step; });
  }

  std::string call_text(const Step& step, std::size_t number, std::size_t c, bool streamed) {
    const KernelCall& call = step.bound.calls[c];
    std::vector<std::string> arguments;
    if (!call.params_type.empty()) {
      const std::string symbol = fmt::format("{}_p{}_{}", artifact_.name, number, c);
      write_params(symbol, call);
      arguments.push_back("&" + symbol);
    }
    for (const ValueId v : call.inputs) arguments.push_back(place(v));
    for (const ValueId v : call.outputs) arguments.push_back(place(v));
    if (call.scratch_bytes > 0)
      arguments.push_back(
          fmt::format("(void *)(arena + {}{})", step.scratch_offset,
                      call.parts > 1 ? fmt::format(" + part * {}", call.scratch_bytes / call.parts) : ""));
    if (call.row_ranges) {
      arguments.push_back(streamed ? "first" : "0");
      arguments.push_back(streamed ? "rows" : std::to_string(range_rows(call)));
    }
    for (const AssemblyFunction& function : call.assembly) assembly_.add(function);
    if (!call.inner.empty()) return strips_text(step, number, c, streamed);
    if (call.parts > 1) return shared_call(call, number, arguments);
    return fmt::format("  {}({});\n", call.function, join(arguments, ", "));
  }

  // A kernel on strips of packed operands: see packed_rows.h.
  std::string strips_text(const Step& step, std::size_t number, std::size_t c, bool streamed) {
    const KernelCall& call = step.bound.calls[c];
    const KernelCall& inner = call.inner[0];
    use_file("packed_rows.h");
    for (const AssemblyFunction& function : inner.assembly) assembly_.add(function);
    const std::string symbol = fmt::format("{}_p{}_{}", artifact_.name, number, c);
    const auto strip = [&](ValueId v) {
      for (const auto& [value, offset] : call.strips)
        if (value == v) return fmt::format("(void *)(arena + {})", step.scratch_offset + offset);
      return place(v);
    };
    std::vector<std::string> arguments;
    if (!inner.params_type.empty()) {
      write_params(symbol + "_kernel", inner);
      arguments.push_back("&" + symbol + "_kernel");
    }
    for (const ValueId v : inner.inputs) arguments.push_back(strip(v));
    arguments.push_back(strip(inner.outputs[0]));
    if (inner.scratch_bytes > 0)
      arguments.push_back(fmt::format("(void *)(arena + {})", step.scratch_offset + call.strips_bytes));
    if (inner.row_ranges) arguments.insert(arguments.end(), {"run.first", "run.rows"});
    const bool binary = call.inputs.size() > 1 && !graph().constant(call.inputs[1]);
    const std::string scratch = fmt::format("(void *)(arena + {})", step.scratch_offset);
    const std::int64_t rows = row_slots(call, "y_slots");
    return fmt::format(
        "  mote_packed_run run;\n  for (mote_packed_begin(&run, {}); mote_packed_next(&{}, &run, {}, {}, "
        "{});) {{\n"
        "    {}({});\n    mote_packed_store(&{}, &run, {}, {});\n  }}\n",
        streamed ? "first, rows" : fmt::format("0, {}", rows), symbol, place(call.inputs[0]),
        binary ? place(call.inputs[1]) : "0", scratch, inner.function, join(arguments, ", "), symbol, scratch,
        place(call.outputs[0]));
  }

  std::string trace_text(const Step& step, std::size_t number) const {
    const Node& node = graph().node(step.node);
    const bool gathers = step.streamed && step.bound.calls[0].input_rows;
    std::string text;
    if (gathers)
      text += fmt::format("  if (first + rows == {})\n  ",
                          row_count(graph().type(step.bound.calls[0].inputs[0])));
    for (std::size_t o = 0; o < node.outputs.size(); ++o) {
      const ValueId v = node.outputs[o];
      const std::int64_t offset = plan_.offsets.at(v.index).value();
      const std::int64_t bytes = plan_.packing.bytes(graph(), v);
      if (!step.streamed || gathers) {
        text += fmt::format("  MOTE_TRACE_OUTPUT({}, {}, arena + {}, {}ul);\n", number, o, offset, bytes);
        continue;
      }
      const std::int64_t rows = row_count(graph().type(v));
      text += fmt::format("  MOTE_TRACE_ROWS({}, {}, arena + {}, {}, {}, {}, first, rows);\n", number, o,
                          offset, bytes / rows, plan_.slots[v.index] > 0 ? plan_.slots[v.index] : rows, rows);
    }
    return text;
  }

  void write_step(std::size_t s) {
    const Step& step = plan_.steps[s];
    const bool streamed = step.streamed;
    use_file(std::string(step.kernel->file));
    const std::size_t number = step_numbers_[s] = artifact_.steps.size();
    const Node& node = graph().node(step.node);
    const std::uint64_t before = constants_.bytes();
    std::string body;
    for (std::size_t c = 0; c < step.bound.calls.size(); ++c) body += call_text(step, number, c, streamed);
    if (body.empty()) body = "  (void)arena;\n";
    steps_ += fmt::format("/* {} */\nMOTE_STEP void {}_step_{}(unsigned char *arena{})\n{{\n{}{}}}\n\n",
                          comment_safe(graph().describe(step.node)), artifact_.name, number,
                          streamed ? ", int32_t first, int32_t rows" : "", body, trace_text(step, number));
    if (!in_group(s)) calls_ += fmt::format("  {}_step_{}(base);\n", artifact_.name, number);
    const std::string name = node.name.empty() ? graph().value(node.outputs[0]).name : node.name;
    artifact_.steps.push_back({name, std::string(node.op->name()), constants_.bytes() - before});
    if (plan_.peak_step && *plan_.peak_step == s) artifact_.peak_step = name;
  }

  void write_group(std::size_t g) {
    const bool fed = g == 0 && plan_.feed;
    steps_ += group_text(plan_, g, artifact_.name, step_numbers_);
    if (!fed) calls_ += fmt::format("  {}_group_{}(base);\n", artifact_.name, g);
  }

  // A function for one part of the call's rows, and the call that has them all computed.
  std::string shared_call(const KernelCall& call, std::size_t number, std::vector<std::string> arguments) {
    const std::int64_t rows = rows_per_part(call);
    const std::int64_t all = row_slots(call, "y_slots");
    arguments.push_back(fmt::format("part * {}", rows));
    arguments.push_back(all % rows == 0
                            ? std::to_string(rows)
                            : fmt::format("part < {} ? {} : {}", call.parts - 1, rows, all % rows));
    steps_ += fmt::format(
        "static void {}_part_{}(void *base, int32_t part)\n{{\n  unsigned char *arena = (unsigned char "
        "*)base;\n"
        "  {}({});\n}}\n\n",
        artifact_.name, number, call.function, join(arguments, ", "));
    artifact_.threads = plan_.threads;
    return fmt::format("  {0}_parallel_for({0}_part_{1}, arena, {2});\n", artifact_.name, number, call.parts);
  }

  void write_constant_outputs() {
    for (const ValueId v : graph().outputs()) {
      const Tensor* constant = graph().constant(v);
      if (!constant) continue;
      copies_ += fmt::format("  memcpy(base + {}, {}, {});\n", plan_.offsets.at(v.index).value(),
                             constants_.add(constant_array(*constant)), constant->bytes().size());
    }
  }

  const Plan& plan_;
  Artifact& artifact_;
  ConstantPool constants_;
  AssemblyText assembly_;
  std::set<std::string> declarations_;
  std::vector<std::string> files_{"mote_step.h"};
  std::vector<std::size_t> step_numbers_;  // in emitted names, by step of the plan
  std::string params_, steps_, copies_, calls_;
};

nlohmann::json to_json(const std::vector<Port>& ports) {
  auto list = nlohmann::json::array();
  for (const Port& p : ports) list.push_back({{"name", p.name}, {"offset", p.offset}, {"bytes", p.bytes}});
  return list;
}

std::string manifest_text(const Plan& plan, const Artifact& a) {
  auto steps = nlohmann::json::array();
  for (const StepInfo& s : a.steps)
    steps.push_back({{"name", s.name}, {"operator", s.operator_name}, {"weights_bytes", s.weights_bytes}});
  const nlohmann::json manifest = {{"mote_artifact", 1},
                                   {"name", a.name},
                                   {"target", plan.target.name},
                                   {"graph_hash", fmt::format("{:016x}", plan.graph_hash)},
                                   {"optimize", optimize_name(a.optimize)},
                                   {"arena_bytes", a.arena_bytes},
                                   {"weights_bytes", a.weights_bytes},
                                   {"uses_math", a.uses_math},
                                   {"has_assembly", a.has_assembly},
                                   {"threads", a.threads},
                                   {"feed_rows", a.feed_rows},
                                   {"peak_step", a.peak_step},
                                   {"steps", steps},
                                   {"inputs", to_json(a.inputs)},
                                   {"outputs", to_json(a.outputs)}};
  return manifest.dump(2) + "\n";
}

}  // namespace
}  // namespace emit

namespace {

// A file that only some options ask for: one of an earlier run goes.
void write_or_remove(const std::filesystem::path& path, const std::string& text) {
  if (text.empty())
    std::filesystem::remove(path);
  else
    write_file(path, text);
}

const TensorType& only_input(const Graph& graph) {
  if (graph.inputs().size() != 1)
    throw UserError({"an audio front end feeds one input", graph.name(),
                     "the network has " + std::to_string(graph.inputs().size()) + " inputs",
                     "compile it without features"});
  return graph.type(graph.inputs()[0]);
}

}  // namespace

Artifact emit_c(const Plan& plan, const EmitOptions& options) {
  Artifact artifact;
  artifact.name = c_identifier(options.name);
  artifact.folder = options.folder;
  artifact.optimize = plan.optimize;
  artifact.arena_bytes = static_cast<std::uint64_t>(std::max(plan.arena_bytes, kArenaAlignment));
  artifact.inputs = emit::ports(plan, plan.graph.inputs());
  artifact.outputs = emit::ports(plan, plan.graph.outputs());
  if (plan.feed) artifact.feed_rows = static_cast<std::uint64_t>(plan.feed->rows);
  emit::SourceWriter writer(plan, artifact);
  const std::string source = writer.write();
  const std::string assembly = writer.assembly();
  artifact.has_assembly = !assembly.empty();
  make_folder(options.folder);
  write_file(options.folder / (artifact.name + ".c"), source);
  write_or_remove(options.folder / (artifact.name + ".S"), assembly);
  write_or_remove(options.folder / (artifact.name + "_threads.c"), emit::threads_text(artifact));
  write_file(options.folder / (artifact.name + ".h"), emit::header_text(plan, artifact));
  artifact.has_features = options.front_end.has_value();
  if (options.front_end)
    emit_audio_features(*options.front_end, only_input(plan.graph), artifact.name, options.folder);
  write_file(options.folder / "main.c", emit::main_text(plan, artifact));
  write_file(options.folder / "CMakeLists.txt", emit::cmake_text(artifact));
  write_file(options.folder / "README.md", emit::readme_text(plan, artifact));
  write_file(options.folder / (artifact.name + ".json"), emit::manifest_text(plan, artifact));
  return artifact;
}

namespace {

std::vector<Port> ports_from(const nlohmann::json& list) {
  std::vector<Port> ports;
  for (const auto& p : list) ports.push_back({p.at("name"), p.at("offset"), p.at("bytes")});
  return ports;
}

}  // namespace

Artifact load_artifact(const std::filesystem::path& folder) {
  const auto fail = [&](const std::string& why) -> UserError {
    return UserError({"the folder holds no emitted network", folder.string(), why,
                      "give a folder that `mote compile -o` wrote"});
  };
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    if (entry.path().extension() != ".json") continue;
    try {
      const auto json = nlohmann::json::parse(read_text_file(entry.path()));
      if (json.value("mote_artifact", 0) != 1) continue;
      Artifact a;
      a.name = json.at("name");
      a.folder = folder;
      a.optimize = find_optimize(json.at("optimize").get<std::string>()).value_or(Optimize::kSpeed);
      a.arena_bytes = json.at("arena_bytes");
      a.weights_bytes = json.at("weights_bytes");
      a.uses_math = json.at("uses_math");
      a.has_assembly = json.at("has_assembly");
      a.threads = json.value("threads", 1);
      a.feed_rows = json.value("feed_rows", std::uint64_t{0});
      a.peak_step = json.at("peak_step");
      for (const auto& s : json.at("steps"))
        a.steps.push_back({s.at("name"), s.at("operator"), s.at("weights_bytes")});
      a.inputs = ports_from(json.at("inputs"));
      a.outputs = ports_from(json.at("outputs"));
      return a;
    } catch (const nlohmann::json::exception& e) {
      throw fail(entry.path().filename().string() + ": " + e.what());
    }
  }
  throw fail(code ? code.message() : "there is no NAME.json that mote wrote");
}

}  // namespace mote
