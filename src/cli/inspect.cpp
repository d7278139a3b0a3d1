#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "compress/import.h"
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
  Optimize optimize = Optimize::kSpeed;
};

void run(const Options& o, Context& context) {
  ImportOptions import;
  bool dumped = false;
  if (!o.dump_after.empty())
    import.observer = [&](std::string_view pass, const Graph& graph) { if (pass != o.dump_after) return;
  context.print(print(graph, {.constant_bytes = false}));
  dumped = true;
};
const Graph graph = import_model(o.model, import);
if (!o.dump_after.empty()) {
  if (!dumped)
    throw UserError({"no such pass ran", "--dump-after " + o.dump_after,
                     "the passes are those of src/compress/pipelines.cpp, and 'read'", "name one of them"});
  return;
}
if (o.text) return context.print(print(graph, {.constant_bytes = true}));
const Inspection inspection = inspect(make_plan(graph, load_target(o.target), {.optimize = o.optimize}));
if (context.json)
  context.print(to_json(inspection));
else
  context.print(to_text(inspection, o.plan));
}  // namespace

}  // namespace mote::cli

void add_inspect(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("inspect", "layers, shapes, encodings, costs and peak RAM of a model");
  command->add_option("MODEL", options->model, ".tflite, .onnx or .mote")->required();
  command->add_option("--target", options->target, "device that the peak RAM is planned for")
      ->capture_default_str();
  command->add_flag("--plan", options->plan, "kernels, RAM by step and refused kernels instead of shapes");
  command->add_flag("--text", options->text, "the whole graph in text form");
  command->add_option("--dump-after", options->dump_after,
                      "the graph after this pass of the import ('read': as read)");
  add_optimize(*command, options->optimize);
  add_common(*command, context);
  command->footer("Example: mote inspect keyword.tflite --target cortex-m0");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
