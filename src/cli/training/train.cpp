#include "cli/training/train.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "format/model_file.h"
#include "ir/verify.h"
#include "train/train.h"
#include "train/train_data.h"

namespace mote::cli {

namespace {

struct Options {
  std::string model, output, augment, features, optimizer, loss = "auto", schedule = "one-cycle";
  train::DataRequest data;
  train::TrainOptions train;
  std::optional<double> rate, valid;
  double warm_up = -1, step_factor = 0.1;
  std::optional<std::size_t> reestimate;
  bool test = false;
};

// Adaptive steps are the safe choice; pictures do better with plain ones (Wilson et al. 2017,
// arXiv:1705.08292).
void choose_optimizer(Options& o, data::ElementKind kind) {
  train::OptimizerOptions& optimizer = o.train.optimizer;
  const bool picture = kind == data::ElementKind::kImage;
  optimizer.kind = train::parse_optimizer(!o.optimizer.empty() ? o.optimizer : picture ? "sgd" : "adamw");
  const bool plain = optimizer.kind == train::OptimizerKind::Sgd;
  optimizer.rate = o.rate.value_or(plain ? 0.1 : 0.003);
}

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

nlohmann::json json_of(const train::Score& score) {
  nlohmann::json json{{"loss", score.loss}};
  if (score.accuracy) json["accuracy"] = *score.accuracy;
  return json;
}

void print_result(const Options& o, const train::LoadedData& loaded, const train::TrainResult& result,
                  const std::optional<train::Score>& valid, const std::optional<train::Score>& test,
                  Context& context) {
  const train::EpochRecord& last = result.epochs.back();
  const std::string normalization = data::format_normalization(loaded.data.normalization);
  if (context.json) {
    nlohmann::json json{{"output", o.output},
                        {"epochs", last.epoch},
                        {"best_epoch", result.best_epoch},
                        {"resumed_epochs", result.resumed_epochs},
                        {"stopped_early", result.stopped_early},
                        {"train_samples", loaded.data.train.samples.count},
                        {"valid_samples", loaded.data.valid.samples.count},
                        {"normalize", normalization},
                        {"seconds", last.seconds},
                        {"train", json_of(last.train)}};
    if (valid) json["valid"] = json_of(*valid);
    if (test) json["test"] = json_of(*test);
    context.print(json);
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
  if (graph.inputs().size() == 1) o.data.shape = graph.type(graph.inputs()[0]).shape;
  o.data.specification = data::with_features(o.data.specification, o.features);
  o.data.valid_fraction = o.valid;
  const train::LoadedData loaded = train::load_train_data(o.data);
  choose_optimizer(o, loaded.data.train.samples.kind);
  o.train.loss = train::parse_loss(o.loss);
  o.train.augmentation = train::parse_augmentation(o.augment);
  o.train.schedule =
      train::parse_schedule(o.schedule, static_cast<double>(o.train.epochs), o.warm_up, o.step_factor);
  o.train.reestimate_batches = o.reestimate.value_or(o.train.ema > 0 ? 100 : 0);
  o.train.checkpoint = o.output + ".checkpoint";

  const train::TrainResult result = train::train(graph, loaded.data, o.train, context.progress());
  write_model(o.output, result.graph);
  std::optional<train::Score> valid, test;
  if (loaded.data.valid.samples.count > 0)
    valid = train::score(result.graph, loaded.data.valid, loaded.data.normalization, o.train);
  if (o.test) {
    data::LoadOptions load;
    load.shape = o.data.shape;
    const train::LabelledSamples samples{
        data::open_dataset(o.data.specification)->load(data::Split::kTest, load), {}};
    test = train::score(result.graph, samples, loaded.data.normalization, o.train);
  }
  print_result(o, loaded, result, valid, test, context);
}

void add_data_options(CLI::App& command, Options& o) {
  command.add_option("MODEL", o.model, "a float or simulated model, or zoo:NAME?key=value")->required();
  command.add_option("--data", o.data.specification, "a path or synth:NAME")->required();
  command.add_option("-o,--output", o.output, "OUT.onnx or OUT.mote; OUT.checkpoint is written beside it")
      ->required();
  add_features(command, o.features);
  command
      .add_option("--normalize", o.data.normalize,
                  "auto, none, or scale=1/255,mean=...,std=...: applied to samples before the model")
      ->capture_default_str();
  command.add_option("--valid", o.valid, "part of the training samples kept for validation, 0 to 1");
  command.add_option("--targets", o.data.targets, "regression: .npy with a row for each training sample");
  command.add_option("--limit", o.data.limit, "at most so many training samples")->check(CLI::PositiveNumber);
  command.add_option("--augment", o.augment,
                     "some of flip,shift-crop=4,cutout=8,mixup=0.2,time-shift=10,noise=0.1,mask-time=10,"
                     "mask-bins=4");
  command.add_flag("--test", o.test, "read the test split once, at the end");
}

void add_step_options(CLI::App& command, Options& o) {
  train::TrainOptions& t = o.train;
  command.add_option("--epochs", t.epochs, "passes over the training samples")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command.add_option("--batch", t.batch, "samples per step")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command.add_option("--optimizer", o.optimizer, "sgd, adam or adamw (pictures: sgd, others: adamw)");
  command.add_option("--rate", o.rate, "learning rate (sgd: 0.1, adam and adamw: 0.003)")
      ->check(CLI::PositiveNumber);
  command.add_option("--momentum", t.optimizer.momentum, "of sgd")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 0.9999));
  command.add_flag("!--no-nesterov", t.optimizer.nesterov, "plain momentum");
  command.add_option("--schedule", o.schedule, "one-cycle, cosine, constant, step or step=EPOCH:EPOCH")
      ->capture_default_str();
  command.add_option("--step-factor", o.step_factor, "of schedule step")->capture_default_str();
  command.add_option("--warm-up", o.warm_up, "epochs (one-cycle: 0.3 of all, others: 0)")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--weight-decay", t.optimizer.weight_decay, "of weights, not of biases")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_option("--loss", o.loss, "auto, cross-entropy, mse or reconstruction")->capture_default_str();
  command.add_option("--label-smoothing", t.label_smoothing, "part of each label spread over all classes")
      ->check(CLI::Range(0.0, 0.99));
  command.add_option("--ema", t.ema, "decay of averaged parameters, for example 0.999; 0: none")
      ->check(CLI::Range(0.0, 0.999999));
  command.add_option("--clip", t.clip, "largest norm of the gradients; 0: no limit")
      ->check(CLI::NonNegativeNumber);
}

void add_run_options(CLI::App& command, Options& o) {
  train::TrainOptions& t = o.train;
  command.add_option("--seed", t.seed, "of shuffling and augmentation")->capture_default_str();
  command.add_option("--threads", t.threads, "0: all cores; with 1 the same seed gives the same bytes")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command.add_option("--patience", t.patience,
                     "stop after so many epochs without a better validation score and keep the best epoch");
  command.add_option("--reestimate-bn", o.reestimate,
                     "batches that batch normalization is measured on at the end (with --ema: 100, else 0)");
  command.add_flag("--resume", t.resume, "continue from OUT.checkpoint, where it exists");
  command.add_option("--checkpoint-steps", t.checkpoint_steps, "a checkpoint every so many steps too");
  command.add_option("--log", t.log, "CSV with a line per epoch");
  command.add_option("--weight-quantizer", t.weight_method, "simulated models: method of weights")
      ->capture_default_str();
  command.add_option("--activation-quantizer", t.activation_method, "simulated models: of activations")
      ->capture_default_str();
}

}  // namespace

void add_train(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("train", "train a network on a data set");
  add_data_options(*command, *options);
  add_step_options(*command, *options);
  add_run_options(*command, *options);
  add_common(*command, context);
  command->footer(
      "Example: mote train zoo:resnet8 --data cifar10.tar.gz --augment flip,shift-crop=4 --epochs 40 "
      "-o resnet8.onnx");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
