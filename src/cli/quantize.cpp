#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/quantize.h"
#include "compress/import.h"
#include "compress/quantize/calibrate.h"
#include "compress/quantize/equalize.h"
#include "compress/quantize/quantize_post_training.h"
#include "format/model_file.h"
#include "ir/verify.h"
#include "measure/evaluate.h"

namespace mote::cli {

bool is_range_method(const std::string& method) {
  try {
    parse_range_method(method);
    return true;
  } catch (const UserError&) {
    return false;
  }
}

void require_files(const QuantizeArguments& arguments) {
  const auto require = [](const std::string& value, const char* what) {
    if (value.empty())
      throw UserError({"mote quantize lacks an argument", what, "it must be given",
                       "see mote quantize --help for an example"});
  };
  require(arguments.model, "MODEL");
  require(arguments.data, "--data");
  require(arguments.output, "--output");
}

void quantize_after_training(QuantizeArguments o, Context& context) {
  Graph graph = import_model(o.model);
  if (stage_of(graph) != Stage::Float)
    throw UserError({"the model cannot be quantized", o.model,
                     "it is in the " + to_string(stage_of(graph)) + " stage, not float",
                     "give the float model"});
  o.quantize.per_axis = !o.per_tensor;
  o.quantize.ranges.method = parse_range_method(o.method);
  if (o.percentile > 0) o.quantize.ranges.percentile = o.percentile;
  if (o.quantize.equalize) graph = equalize(graph);
  const auto samples = load_inputs(graph, data::with_features(o.data, o.features), data::parse_split(o.split),
                                   o.calibrate, data::parse_normalization(o.normalize));
  const Calibration calibration = calibrate(graph, samples, {}, context.progress());
  const Graph quantized = quantize_post_training(graph, calibration, o.quantize);
  write_model(o.output, quantized);
  if (context.json)
    context.print(nlohmann::json{
        {"output", o.output}, {"stage", to_string(stage_of(quantized))}, {"samples", samples.size()}});
  else
    context.print(fmt::format("{}: {} stage, calibrated on {} samples ({})\n", o.output,
                              to_string(stage_of(quantized)), samples.size(), o.method));
}

void add_quantize(CLI::App& app, Context& context) {
  auto options = std::make_shared<QuantizeArguments>();
  CLI::App* command =
      app.add_subcommand("quantize", "quantize a float model, after training or by training it further");
  command->add_option("MODEL", options->model, "a float model: .onnx, .mote or zoo:NAME");
  command->add_option("--data", options->data, "data to calibrate or train on: a path or synth:NAME");
  command->add_option("-o,--output", options->output, "OUT.onnx or OUT.mote");
  command->add_option("--calibrate", options->calibrate, "number of samples")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_option("--split", options->split, "split the samples come from")->capture_default_str();
  command->add_option("--normalize", options->normalize,
                      "scale=1/255,mean=...,std=...: applied to samples before the model");
  add_features(*command, options->features);
  command
      ->add_option("--method", options->method,
                   "percentile, min-max, mse, kl (ranges of activations), a method that trains, or list")
      ->capture_default_str();
  command->add_option("--percentile", options->percentile,
                      "fraction of the values on each side that is kept, for example 0.9999");
  command
      ->add_option("--weights", options->quantize.weight_bits,
                   "bits of weights, 2 to 8; 1 with some methods that train")
      ->capture_default_str();
  command
      ->add_option("--activations", options->quantize.activation_bits,
                   "bits of activations, 2 to 8 or 16; 1 with some methods that train")
      ->capture_default_str();
  command->add_flag("--per-tensor", options->per_tensor,
                    "one scale per weight tensor instead of one per channel");
  command->add_flag("--equalize", options->quantize.equalize, "cross-layer equalization before calibration");
  command->add_flag("--correct-bias", options->quantize.correct_bias,
                    "take the mean error of rounded weights out of the biases");
  command->add_flag("--float-io", options->quantize.float_io, "keep real inputs and outputs");
  add_common(*command, context);
  command->footer("Example: mote quantize net.onnx --data photos/ --calibrate 200 -o net_int8.onnx");
  command->callback([options, &context] {
    require_files(*options);
    quantize_after_training(*options, context);
  });
  add_quantize_by_training(*command, options, context);
}

}  // namespace mote::cli
