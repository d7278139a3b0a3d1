#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "ir/text_form.h"
#include "report/inspection.h"

namespace mote::cli {

namespace {

struct Options {
  std::string model;
  std::string target = "cortex-m4";
  std::string dump_after;
  bool plan = false;
  bool text = false;
  PlanOptions planning;
  PrepareOptions prepare;
};

// The graph after one pass.
void print_after(const Options& o, Context& context) {
  bool dumped = false;
  const PassObserver observer = [&](std::string_view pass, const Graph& graph) {
    if (pass != o.dump_after) return;
    context.print(print(graph, {.constant_bytes = false}));
    dumped = true;
  };
  ImportOptions import;
  import.observer = observer;
  prepare_model(import_model(o.model, import), o.prepare, observer);
  if (!dumped)
    throw UserError({"no such pass ran", "--dump-after " + o.dump_after,
                     "the passes are those of src/compress/pipelines.cpp, and 'read'", "name one of them"});
}

// The layers of the file; with --plan those that are compiled.
void run(const Options& o, Context& context) {
  if (!o.dump_after.empty()) return print_after(o, context);
  const PreparedModel model = prepare_model(import_model(o.model), o.prepare);
  const Graph& graph = o.plan ? model.graph : model.imported;
  if (o.text) return context.print(print(graph, {.constant_bytes = true}));
  const Inspection inspection = inspect(make_plan(graph, load_target(o.target), o.planning));
  if (context.json) {
    nlohmann::json json = to_json(inspection);
    json["exact_simplification"] = simplification_json(model);
    context.print(json);
  } else {
    context.print(to_text(inspection, o.plan) + describe_simplification(model));
  }
}

}  // namespace

void add_inspect(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("inspect", "layers, shapes, encodings, costs and peak RAM of a model");
  command->add_option("MODEL", options->model, ".tflite, .onnx, .mote or zoo:NAME")->required();
  command->add_option("--target", options->target, "device that the peak RAM is planned for")
      ->capture_default_str();
  command->add_flag("--plan", options->plan,
                    "kernels, forms and refusals by step, and the timeline of the arena");
  command->add_flag("--text", options->text, "the whole graph in text form");
  command->add_option("--dump-after", options->dump_after,
                      "the graph after this pass of the import ('read': as read)");
  add_optimize(*command, options->planning.optimize);
  add_ram(*command, options->planning);
  add_prepare(*command, options->prepare);
  add_common(*command, context);
  command->footer("Example: mote inspect keyword.tflite --target cortex-m0");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
