#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "emit/c.h"

namespace mote::cli {

namespace {

struct Options {
  std::string model, output, name;
  std::string target = "host";
  PlanOptions plan;
  PrepareOptions prepare;
  std::string features, normalize;
};

std::optional<AudioFrontEnd> front_end(const Options& o) {
  if (o.features.empty()) return std::nullopt;
  const data::AudioFeatureOptions features = data::parse_audio_features(o.features);
  if (features.rate_hz == 0)
    throw UserError({"the sample rate of the features is missing", "--features " + o.features,
                     "the microphone's rate decides the tables",
                     "add it, for example " + o.features +
                         (o.features.find('?') == std::string::npos ? "?" : "&") + "rate=16000"});
  return AudioFrontEnd{data::AudioFeatures(features, features.rate_hz),
                       data::parse_normalization(o.normalize)};
}

void run(const Options& o, Context& context) {
  const PreparedModel model = prepare_model(import_model(o.model), o.prepare);
  const Plan plan = make_plan(model.graph, load_target(o.target), o.plan);
  const std::string name = o.name.empty() ? std::filesystem::path(o.model).stem().string() : o.name;
  const Artifact artifact = emit_c(plan, {.name = name, .folder = o.output, .front_end = front_end(o)});
  if (context.json) {
    context.print(nlohmann::json{{"name", artifact.name},
                                 {"folder", o.output},
                                 {"target", plan.target.name},
                                 {"arena_bytes", artifact.arena_bytes},
                                 {"weights_bytes", artifact.weights_bytes},
                                 {"exact_simplification", simplification_json(model)},
                                 {"steps", artifact.steps.size()}});
    return;
  }
  context.print(fmt::format("{0}/{1}.c and {1}.h: {2} steps for {3}\narena    {4}\nweights  {5}\n", o.output,
                            artifact.name, artifact.steps.size(), plan.target.name,
                            format_bytes(artifact.arena_bytes), format_bytes(artifact.weights_bytes)) +
                describe_simplification(model));
}

}  // namespace

void add_compile(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compile", "emit C for a target");
  command->add_option("MODEL", options->model, ".tflite, .onnx, .mote or zoo:NAME")->required();
  command->add_option("--target", options->target, "a name of `mote targets` or a .toml file")
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "folder to write to")->required();
  command->add_option("--name", options->name,
                      "prefix of files and symbols (default: the model's file name)");
  auto* features = add_features(*command, options->features);
  features->description("also emit this audio front end, as for the data; with the key rate");
  command->add_option("--normalize", options->normalize, "of the features, as for the data")->needs(features);
  add_optimize(*command, options->plan.optimize);
  add_ram(*command, options->plan);
  add_threads(*command, options->plan.threads);
  add_prepare(*command, options->prepare);
  add_common(*command, context);
  command->footer("Example: mote compile keyword.tflite --target cortex-m4 -o out --name kws");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
