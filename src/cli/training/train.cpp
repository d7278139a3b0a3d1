#include "cli/training/train.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/training/training_options.h"
#include "format/model_file.h"
#include "ir/verify.h"

namespace mote::cli {

namespace {

struct Options {
  std::string model, output, features;
  TrainingArguments training;
};

Graph read_model(const std::string& path) {
  Graph graph = import_model(path, {.lower = false, .simplify = false, .observer = {}});
  const Stage stage = stage_of(graph);
  if (stage == Stage::Float || stage == Stage::Simulated) return graph;
  throw UserError({"the model cannot be trained", path, "it is in the " + to_string(stage) + " stage",
                   "give the float model, or one with simulated quantization"});
}

std::string text_of(const std::string& name, const train::Score& score) {
  const std::string loss = fmt::format("loss {:.4f}", score.loss);
  if (!score.accuracy) return fmt::format("{:<8}{}\n", name, loss);
  return fmt::format("{:<8}{}, accuracy {:.2f}%\n", name, loss, 100 * *score.accuracy);
}

nlohmann::json accuracy_of(const train::Score& score) {
  return score.accuracy ? nlohmann::json(*score.accuracy) : nlohmann::json();
}

nlohmann::json to_json(const Options& o, const train::LoadedData& loaded, const train::TrainResult& result,
                       const std::optional<train::Score>& valid, const std::optional<train::Score>& test) {
  const train::EpochRecord& last = result.epochs.back();
  double speed = 0;
  for (const train::EpochRecord& record : result.epochs)
    speed += record.samples_per_second / static_cast<double>(result.epochs.size());
  nlohmann::json loss{{"train", last.train.loss}}, accuracy{{"train", accuracy_of(last.train)}};
  for (const auto& [name, score] : {std::pair("valid", valid), std::pair("test", test)})
    if (score) {
      loss[name] = score->loss;
      accuracy[name] = accuracy_of(*score);
    }
  return {{"output", o.output},
          {"epochs", last.epoch},
          {"best_epoch", result.best_epoch},
          {"resumed_epochs", result.resumed_epochs},
          {"stopped_early", result.stopped_early},
          {"seed", o.training.train.seed},
          {"train_samples", loaded.data.train.samples.count},
          {"valid_samples", loaded.data.valid.samples.count},
          {"normalize", data::format_normalization(loaded.data.normalization)},
          {"seconds", last.seconds},
          {"images_per_second", speed},
          {"loss", loss},
          {"accuracy", accuracy}};
}

void print_result(const Options& o, const train::LoadedData& loaded, const train::TrainResult& result,
                  const std::optional<train::Score>& valid, const std::optional<train::Score>& test,
                  Context& context) {
  const train::EpochRecord& last = result.epochs.back();
  const std::string normalization = data::format_normalization(loaded.data.normalization);
  if (context.json) {
    context.print(to_json(o, loaded, result, valid, test));
    return;
  }
  std::string text = fmt::format("{}: {} epochs on {} samples in {:.0f} s{}\n", o.output, last.epoch,
                                 loaded.data.train.samples.count, last.seconds,
                                 result.stopped_early ? ", stopped early" : "");
  if (result.best_epoch != last.epoch) text += fmt::format("epoch {} was the best\n", result.best_epoch);
  text += text_of("train", last.train);
  if (valid) text += text_of("valid", *valid);
  if (test) text += text_of("test", *test);
  if (normalization != "none") text += "samples were normalized: --normalize " + normalization + "\n";
  context.print(text);
}

void run(Options o, Context& context) {
  const Graph graph = read_model(o.model);
  o.training.data.specification = data::with_features(o.training.data.specification, o.features);
  const train::LoadedData loaded = prepare_training(o.training, graph, o.output);
  const train::TrainResult result = train::train(graph, loaded.data, o.training.train, context.progress());
  write_model(o.output, result.graph);
  std::optional<train::Score> valid, test;
  if (loaded.data.valid.samples.count > 0)
    valid = train::score(result.graph, loaded.data.valid, loaded.data.normalization, o.training.train);
  if (o.training.test) {
    const train::LabelledSamples samples{load_test_samples(o.training), {}};
    test = train::score(result.graph, samples, loaded.data.normalization, o.training.train);
  }
  print_result(o, loaded, result, valid, test, context);
}

void add_model_options(CLI::App& command, Options& o) {
  command.add_option("MODEL", o.model, "a float or simulated model, or zoo:NAME?key=value")->required();
  command.add_option("--data", o.training.data.specification, "a path or synth:NAME")->required();
  command.add_option("-o,--output", o.output, "OUT.onnx or OUT.mote; OUT.checkpoint is written beside it")
      ->required();
  add_features(command, o.features);
  command
      .add_option("--normalize", o.training.data.normalize,
                  "auto, none, or scale=1/255,mean=...,std=...: applied to samples before the model")
      ->capture_default_str();
}

void add_quantizer_options(CLI::App& command, train::TrainOptions& t) {
  command.add_option("--weight-quantizer", t.weight_method, "simulated models: method of weights")
      ->capture_default_str();
  command.add_option("--activation-quantizer", t.activation_method, "simulated models: of activations")
      ->capture_default_str();
}

}  // namespace

void add_train(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("train", "train a network on a data set");
  add_model_options(*command, *options);
  add_training_options(*command, options->training);
  add_quantizer_options(*command, options->training.train);
  add_common(*command, context);
  command->footer(
      "Example: mote train zoo:resnet8 --data cifar10.tar.gz --augment flip,shift-crop=4 --epochs 40 "
      "-o resnet8.onnx");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
