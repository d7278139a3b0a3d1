#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "compress/import.h"
#include "format/model_file.h"
#include "ir/verify.h"

namespace mote::cli {

namespace {

struct Options {
  std::string model, output;
  bool as_is = false;
};

void run(const Options& o, Context& context) {
  const Graph graph = import_model(o.model, {.lower = !o.as_is, .simplify = !o.as_is, .observer = {}});
  write_model(o.output, graph);
  if (context.json)
    context.print(nlohmann::json{
        {"output", o.output}, {"stage", to_string(stage_of(graph))}, {"nodes", graph.nodes().size()}});
  else
    context.print(
        fmt::format("{}: {} stage, {} layers\n", o.output, to_string(stage_of(graph)), graph.nodes().size()));
}

}  // namespace

void add_convert(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("convert", "TFLite, ONNX or text form to ONNX (float or QDQ) or text form");
  command->add_option("MODEL", options->model, ".tflite, .onnx, .mote or zoo:NAME")->required();
  command->add_option("-o,--output", options->output, "OUT.onnx or OUT.mote")->required();
  command->add_flag("--as-is", options->as_is,
                    "no lowering and no simplification: the graph as the file has it");
  add_common(*command, context);
  command->footer("Example: mote convert keyword.tflite -o keyword.onnx");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
