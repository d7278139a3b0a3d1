#include "train/train.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "base/text.h"
#include "train/checkpoint.h"
#include "train/loader.h"
#include "train/losses.h"
#include "train/network.h"
#include "train/optimizers.h"
#include "train/saved_state.h"
#include "train/scoring.h"

namespace mote::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check_shapes(const Graph& graph, const LabelledSamples& given) {
  if (graph.inputs().size() != 1)
    throw UserError(
        {"the network cannot be trained", graph.name(),
         fmt::format("it has {} inputs, a data set gives one tensor per sample", graph.inputs().size()),
         "give a network with one input"});
  const TensorType& input = graph.type(graph.inputs()[0]);
  const data::Samples& samples = given.samples;
  if (samples.count == 0 || static_cast<std::int64_t>(samples.sample_size()) == input.elements()) return;
  throw UserError({"the samples do not fit the network", graph.name(),
                   fmt::format("a sample is {}, the network takes {}", data::shape_text(samples.shape),
                               to_string(input.shape)),
                   "use data of that shape"});
}

// What decides the result, so that a run is never continued with other data or options. Of the samples,
// labels and a sixty-fourth part of the values are taken.
std::uint64_t fingerprint(const Graph& graph, const TrainData& data, const TrainOptions& o) {
  Hash64 hash;
  hash.number(graph.hash());
  for (const LabelledSamples* part : {&data.train, &data.valid}) {
    hash.number(part->samples.count).text(data::shape_text(part->samples.shape));
    hash.bytes(std::as_bytes(std::span(part->samples.labels)));
    hash.bytes(std::as_bytes(std::span(part->targets)));
    for (std::size_t i = 0; i < part->samples.pixels.size(); i += 64) hash.number(part->samples.pixels[i]);
    for (std::size_t i = 0; i < part->samples.values.size(); i += 64)
      hash.bytes(std::as_bytes(std::span(part->samples.values).subspan(i, 1)));
  }
  const auto real = [&](double value) { hash.text(format_double(value)); };
  hash.text(format_normalization(data.normalization));
  for (const std::uint64_t n : {o.epochs, std::uint64_t{o.batch}, static_cast<std::uint64_t>(o.loss), o.seed,
                                o.patience, std::uint64_t{o.reestimate_batches}})
    hash.number(n);
  hash.number(static_cast<std::uint64_t>(o.optimizer.kind)).number(o.optimizer.nesterov ? 1 : 0);
  for (const double value : {o.optimizer.rate, o.optimizer.momentum, o.optimizer.weight_decay,
                             o.optimizer.beta1, o.optimizer.beta2, o.optimizer.epsilon, o.schedule.warm_up,
                             o.schedule.factor, o.label_smoothing, o.ema, o.clip})
    real(value);
  hash.text(schedule_name(o.schedule.kind));
  for (const double milestone : o.schedule.milestones) real(milestone);
  hash.text(format_augmentation(o.augmentation)).text(o.weight_method).text(o.activation_method);
  return hash.value();
}

NetworkOptions network_options(const TrainOptions& options) {
  NetworkOptions network;
  network.weights = options.weight_method;
  network.activations = options.activation_method;
  return network;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::vector<NamedTensor> tensors_of(const std::vector<Parameter>& parameters) {
  return {parameters.begin(), parameters.end()};
}

class Trainer {
 public:
  Trainer(const Graph& graph, const TrainData& data, const TrainOptions& options, const Progress& progress);
  TrainResult run();

 private:
  void start_fresh();
  bool resume();
  void run_epoch();
  void run_step(Batch& batch);
  void finish_epoch();
  void save();
  void choose_best(const Score& valid);
  std::vector<NamedTensor> generator_state() const;
  [[noreturn]] void diverged(const std::string& what) const;
  void report_step();
  LoaderOptions loader_options() const;

  const Graph& graph_;
  const TrainData& data_;
  const TrainOptions& options_;
  const Progress& progress_;
  const std::uint64_t fingerprint_;

  Network network_;
  Loss loss_;
  Optimizer optimizer_;
  std::vector<NamedTensor> average_;  // of the parameters (ema)
  std::vector<NamedTensor> best_;     // whole state

  std::uint64_t steps_per_epoch_;
  Checkpoint at_;  // where the run stands; its tensors are filled only to be written
  double last_rate_ = 0;
  double earlier_seconds_ = 0;  // before the resume
  Clock::time_point started_ = Clock::now(), epoch_started_;
  std::uint64_t steps_here_ = 0;  // since the start or the resume
  std::uint64_t epoch_samples_here_ = 0;
};

Trainer::Trainer(const Graph& graph, const TrainData& data, const TrainOptions& options,
                 const Progress& progress)
    : graph_(graph),
      data_(data),
      options_(options),
      progress_(progress),
      fingerprint_(fingerprint(graph, data, options)),
      network_(graph, network_options(options)),
      loss_(graph, data.train, options.loss, options.label_smoothing),
      optimizer_(network_.parameters(), options.optimizer),
      steps_per_epoch_(batch_count(data.train.samples.count, loader_options())) {
  at_.fingerprint = fingerprint_;
}

LoaderOptions Trainer::loader_options() const {
  LoaderOptions loader;
  loader.batch = options_.batch;
  loader.shuffle = true;
  loader.augmentation = options_.augmentation;
  loader.keep_clean = loss_.needs_clean_inputs();
  loader.seed = options_.seed;
  return loader;
}

std::vector<NamedTensor> Trainer::generator_state() const {
  return {{"generator", at::detail::getDefaultCPUGenerator().get_state()}};
}

void Trainer::start_fresh() {
  at::manual_seed(options_.seed);
  LoaderOptions options = loader_options();
  options.augmentation = {};
  Loader loader(data_.train.samples, data_.normalization, options);
  Batch batch;
  MOTE_CHECK(loader.next(batch));
  network_.initialize_quantizers(input_tensor(batch, graph_));
  if (options_.ema > 0) average_ = clone_all(tensors_of(network_.parameters()));
}

bool Trainer::resume() {
  remove_unfinished(options_.checkpoint);
  if (!options_.resume || options_.checkpoint.empty() || !std::filesystem::exists(options_.checkpoint))
    return false;
  Checkpoint saved = read_checkpoint(options_.checkpoint);
  if (saved.fingerprint != fingerprint_)
    throw UserError({"cannot resume from the checkpoint", options_.checkpoint.string(),
                     "it is of a run with another network, other data or other options",
                     "give the same ones, or train from the start without --resume"});
  restore_saved(saved.tensors, "network/", network_.state());
  restore_saved(saved.tensors, "optimizer/", optimizer_.state());
  if (options_.ema > 0) {
    average_ = clone_all(tensors_of(network_.parameters()));
    restore_saved(saved.tensors, "average/", average_);
  }
  if (saved.best_epoch > 0) {
    best_ = clone_all(network_.state());
    restore_saved(saved.tensors, "best/", best_);
  }
  const auto generator = clone_all(generator_state());
  restore_saved(saved.tensors, "", generator);
  at::Generator random = at::detail::getDefaultCPUGenerator();
  random.set_state(generator[0].tensor);
  saved.tensors.clear();
  at_ = std::move(saved);
  earlier_seconds_ = at_.seconds;
  return true;
}

void Trainer::diverged(const std::string& what) const {
  const std::string kept = options_.checkpoint.empty() || at_.records.empty()
                               ? "no checkpoint was written"
                               : "the checkpoint holds the last good state";
  throw UserError({"training diverged", graph_.name(),
                   fmt::format("{} in epoch {}, step {}; {}", what, at_.epoch + 1, at_.step, kept),
                   "lower the learning rate (--rate), or limit gradients (--clip 1)"});
}

void Trainer::save() {
  if (options_.checkpoint.empty()) return;
  if (!all_finite(network_.state())) diverged("a parameter is no longer finite");
  at_.seconds = earlier_seconds_ + seconds_since(started_);
  append_saved(at_.tensors, "network/", network_.state());
  append_saved(at_.tensors, "optimizer/", optimizer_.state());
  append_saved(at_.tensors, "average/", average_);
  append_saved(at_.tensors, "best/", best_);
  append_saved(at_.tensors, "", generator_state());
  write_checkpoint(options_.checkpoint, at_);
  at_.tensors.clear();
}

void Trainer::report_step() {
  if (!progress_) return;
  const std::uint64_t done = at_.epoch * steps_per_epoch_ + at_.step;
  const std::uint64_t total = options_.epochs * steps_per_epoch_;
  const double per_step = seconds_since(started_) / static_cast<double>(steps_here_);
  const Score score = at_.sums.score(loss_.classifies());
  std::string label = fmt::format("epoch {}/{} loss {:.4f}", at_.epoch + 1, options_.epochs, score.loss);
  if (score.accuracy) label += fmt::format(" accuracy {:.2f}%", 100 * *score.accuracy);
  if (!at_.records.empty() && at_.records.back().valid) {
    const Score& valid = *at_.records.back().valid;
    label += valid.accuracy ? fmt::format(" valid {:.2f}%", 100 * *valid.accuracy)
                            : fmt::format(" valid {:.4f}", valid.loss);
  }
  label += fmt::format(" {:.0f}/s {} left",
                       static_cast<double>(epoch_samples_here_) / seconds_since(epoch_started_),
                       duration_text(per_step * static_cast<double>(total - done)));
  report(progress_, done, total, label);
}

void Trainer::run_step(Batch& batch) {
  const std::uint64_t total = options_.epochs * steps_per_epoch_;
  const std::uint64_t step = at_.epoch * steps_per_epoch_ + at_.step;
  network_.set_progress(static_cast<double>(step) / static_cast<double>(total));
  const torch::Tensor output = network_.forward(input_tensor(batch, graph_), true);
  torch::Tensor loss = loss_.mean(output, batch, true);
  const auto value = loss.item<double>();
  if (!std::isfinite(value)) diverged("the loss is no longer finite");
  const torch::Tensor penalty = network_.penalty();
  if (penalty.defined()) loss = loss + penalty;
  loss.backward();
  if (options_.clip > 0) optimizer_.clip_gradients(options_.clip);
  last_rate_ = options_.optimizer.rate * rate_factor(options_.schedule, step, total);
  optimizer_.step(last_rate_);
  if (options_.ema > 0) {
    const torch::NoGradGuard guard;
    const auto n = static_cast<double>(step);
    const double decay = std::min(options_.ema, (1 + n) / (10 + n));  // young averages follow faster
    const auto parameters = network_.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i)
      average_[i].tensor.mul_(decay).add_(parameters[i].tensor, 1 - decay);
  }
  at_.sums.loss += value * static_cast<double>(batch.count);
  at_.sums.samples += batch.count;
  if (loss_.classifies()) at_.sums.correct += loss_.correct(output, batch);
  epoch_samples_here_ += batch.count;
  ++at_.step;
  ++steps_here_;
}

void Trainer::choose_best(const Score& valid) {
  const auto better = [](const Score& a, const Score& b) {
    return a.accuracy && *a.accuracy != *b.accuracy ? *a.accuracy > *b.accuracy : a.loss < b.loss;
  };
  const bool first = at_.best_epoch == 0;
  if (!first && !better(valid, *at_.records[at_.best_epoch - 1].valid)) {
    ++at_.best_distance;
    return;
  }
  at_.best_epoch = at_.epoch + 1;
  at_.best_distance = 0;
  best_ = clone_all(network_.state());
}

void Trainer::finish_epoch() {
  EpochRecord record;
  record.epoch = at_.epoch + 1;
  record.step = record.epoch * steps_per_epoch_;
  record.train = at_.sums.score(loss_.classifies());
  record.rate = last_rate_;
  record.samples_per_second = static_cast<double>(epoch_samples_here_) / seconds_since(epoch_started_);
  const auto parameters = tensors_of(network_.parameters());
  if (data_.valid.samples.count > 0) {
    if (options_.ema > 0) swap_all(parameters, average_);
    const Loss loss(graph_, data_.valid, options_.loss, 0);
    record.valid = score_network(network_, loss, data_.valid.samples, data_.normalization, {}, {});
    if (options_.patience > 0) choose_best(*record.valid);
    if (options_.ema > 0) swap_all(parameters, average_);
  }
  record.seconds = earlier_seconds_ + seconds_since(started_);
  at_.records.push_back(record);
  ++at_.epoch;
  at_.step = 0;
  at_.sums = {};
  save();
  if (!options_.log.empty()) write_file(options_.log, to_csv(at_.records));
}

void Trainer::run_epoch() {
  Loader loader(data_.train.samples, data_.normalization, loader_options(), at_.epoch, at_.step);
  epoch_started_ = Clock::now();
  epoch_samples_here_ = 0;
  Batch batch;
  while (loader.next(batch)) {
    run_step(batch);
    report_step();
    if (options_.checkpoint_steps > 0 && at_.step % options_.checkpoint_steps == 0 &&
        at_.step < steps_per_epoch_)
      save();
  }
  finish_epoch();
}

TrainResult Trainer::run() {
  TrainResult result;
  if (resume())
    result.resumed_epochs = at_.epoch;
  else
    start_fresh();
  const auto patience_ends = [&] { return options_.patience > 0 && at_.best_distance >= options_.patience; };
  while (at_.epoch < options_.epochs && !patience_ends()) run_epoch();
  result.stopped_early = at_.epoch < options_.epochs;
  result.best_epoch = at_.epoch;
  if (at_.best_epoch > 0) {
    copy_all(best_, network_.state());
    result.best_epoch = at_.best_epoch;
  } else if (options_.ema > 0) {
    copy_all(average_, tensors_of(network_.parameters()));
  }
  network_.set_progress(1);
  if (options_.reestimate_batches > 0)
    reestimate_statistics(network_, data_.train.samples, data_.normalization, options_.reestimate_batches,
                          options_.batch, options_.seed);
  result.epochs = at_.records;
  result.graph = network_.exported();
  result.posterior = network_.posterior();
  return result;
}

}  // namespace

TrainResult train(const Graph& graph, const TrainData& data, const TrainOptions& options,
                  const Progress& progress) {
  check_shapes(graph, data.train);
  check_shapes(graph, data.valid);
  if (data.train.samples.count == 0)
    throw UserError({"there is nothing to train on", graph.name(), "the training split has no samples",
                     "give data with training samples"});
  if (options.patience > 0 && data.valid.samples.count == 0)
    throw UserError({"training cannot stop early", graph.name(), "there are no validation samples",
                     "keep some apart (--valid 0.1), or leave --patience out"});
  MOTE_CHECK(options.epochs > 0 && options.batch > 0);
  set_threads(static_cast<int>(options.threads > 0 ? options.threads : thread_count()));
  return Trainer(graph, data, options, progress).run();
}

Score score(const Graph& graph, const LabelledSamples& samples, const data::Normalization& normalization,
            const TrainOptions& options, const Progress& progress) {
  check_shapes(graph, samples);
  if (samples.samples.count == 0)
    throw UserError({"there is nothing to evaluate", graph.name(), "the data set has no samples",
                     "choose another split"});
  set_threads(static_cast<int>(options.threads > 0 ? options.threads : thread_count()));
  NetworkOptions fixed;
  fixed.weights = fixed.activations = fixed.other_widths = kFixedQuantizer;
  Network network(graph, fixed);
  const Loss loss(graph, samples, options.loss, 0);
  return score_network(network, loss, samples.samples, normalization, "evaluating", progress);
}

}  // namespace mote::train
