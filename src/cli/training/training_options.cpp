#include "cli/training/training_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace mote::cli {

namespace {

// Adaptive steps are the safe choice; pictures do better with plain ones (Wilson et al. 2017,
// arXiv:1705.08292).
void choose_optimizer(TrainingArguments& o, data::ElementKind kind) {
  train::OptimizerOptions& optimizer = o.train.optimizer;
  const bool picture = kind == data::ElementKind::kImage;
  optimizer.kind = train::parse_optimizer(!o.optimizer.empty() ? o.optimizer : picture ? "sgd" : "adamw");
  const bool plain = optimizer.kind == train::OptimizerKind::Sgd;
  optimizer.rate = o.rate.value_or(plain ? o.sgd_rate : o.adam_rate);
}

void add_data_options(CLI::App& command, TrainingArguments& o) {
  command.add_option("--valid", o.valid, "part of the training samples kept for validation, 0 to 1");
  command.add_option("--targets", o.data.targets, "regression: .npy with a row for each training sample");
  command.add_option("--limit", o.data.limit, "at most so many training samples")->check(CLI::PositiveNumber);
  command.add_option("--augment", o.augment,
                     "some of flip,shift-crop=4,cutout=8,mixup=0.2,time-shift=10,noise=0.1,mask-time=10,"
                     "mask-bins=4");
  command.add_flag("--test", o.test, "read the test split once, at the end");
}

void add_step_options(CLI::App& command, TrainingArguments& o) {
  train::TrainOptions& t = o.train;
  command.add_option("--epochs", t.epochs, "passes over the training samples")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command.add_option("--batch", t.batch, "samples per step")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command.add_option("--optimizer", o.optimizer, "sgd, adam or adamw (pictures: sgd, others: adamw)");
  command
      .add_option("--rate", o.rate,
                  fmt::format("learning rate (sgd: {}, adam and adamw: {})", o.sgd_rate, o.adam_rate))
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

void add_run_options(CLI::App& command, TrainingArguments& o) {
  train::TrainOptions& t = o.train;
  command.add_option("--seed", t.seed, "of shuffling and augmentation")->capture_default_str();
  command.add_option("--threads", t.threads, "0: all cores; with 1 the same seed gives the same bytes")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command.add_option("--patience", t.patience,
                     "stop after so many epochs without a better validation score and keep the best epoch");
  command.add_option(
      "--reestimate-bn", o.reestimate,
      fmt::format("batches that batch normalization is measured on at the end (with --ema: 100, else {})",
                  o.default_reestimate));
  command.add_flag("--resume", t.resume, "continue from OUT.checkpoint, where it exists");
  command.add_option("--checkpoint-steps", t.checkpoint_steps, "a checkpoint every so many steps too");
  command.add_option("--log", t.log, "CSV with a line per epoch");
}

}  // namespace

void add_training_options(CLI::App& command, TrainingArguments& arguments) {
  add_data_options(command, arguments);
  add_step_options(command, arguments);
  add_run_options(command, arguments);
}

train::LoadedData prepare_training(TrainingArguments& o, const Graph& graph, const std::string& output) {
  if (graph.inputs().size() == 1) o.data.shape = graph.type(graph.inputs()[0]).shape;
  o.data.valid_fraction = o.valid;
  train::LoadedData loaded = train::load_train_data(o.data);
  choose_optimizer(o, loaded.data.train.samples.kind);
  o.train.loss = train::parse_loss(o.loss);
  o.train.augmentation = train::parse_augmentation(o.augment);
  o.train.schedule =
      train::parse_schedule(o.schedule, static_cast<double>(o.train.epochs), o.warm_up, o.step_factor);
  o.train.reestimate_batches = o.reestimate.value_or(o.train.ema > 0 ? 100 : o.default_reestimate);
  o.train.checkpoint = output + ".checkpoint";
  return loaded;
}

data::Samples load_test_samples(const TrainingArguments& arguments) {
  data::LoadOptions load;
  load.shape = arguments.data.shape;
  return data::open_dataset(arguments.data.specification)->load(data::Split::kTest, load);
}

}  // namespace mote::cli
