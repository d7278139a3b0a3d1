// mote quantize with a method that trains.
#include "cli/quantize.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/training/training_options.h"
#include "compress/finetune/quantize_aware.h"
#include "compress/pipelines.h"
#include "compress/quantize/lower_simulated.h"
#include "format/model_file.h"
#include "ir/verify.h"
#include "measure/evaluate.h"
#include "report/table.h"
#include "train/quantizer_list.h"

namespace mote::cli {

namespace {

struct Options {
  std::shared_ptr<QuantizeArguments> common;
  TrainingArguments training;
  int first_last_bits = 8, other_bits = 8;
  std::vector<std::string> layers;
  std::string activation_method;
  bool integer = false;
};

void print_methods(Context& context) {
  if (context.json) {
    auto list = nlohmann::json::array();
    for (const train::QuantizerRow& row : train::quantizer_list())
      list.push_back({{"name", row.name},
                      {"weights", row.weights},
                      {"activations", row.activations},
                      {"min_bits", row.min_bits},
                      {"max_bits", row.max_bits},
                      {"use", row.use},
                      {"citation", row.citation}});
    context.print(list);
    return;
  }
  std::string text =
      "percentile, min-max, mse, kl  2-8 bits, no training: ranges of activations (the default)\n";
  for (const train::QuantizerRow& row : train::quantizer_list())
    text +=
        fmt::format("{:<18}{:<9}{:<13}{}-{} bits  {} ({})\n", row.name, row.weights ? "weights" : "",
                    row.activations ? "activations" : "", row.min_bits, row.max_bits, row.use, row.citation);
  context.print(text);
}

// "stem=4/8": weights and activations of that layer.
std::pair<std::string, LayerBits> parse_layer(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const std::size_t slash = text.find('/', equals == std::string::npos ? 0 : equals);
  const auto width = [&](const std::string& digits) {
    if (digits.size() == 1 && digits[0] >= '1' && digits[0] <= '8') return digits[0] - '0';
    throw UserError({"unreadable widths of a layer", text,
                     "they are not of the form NAME=WEIGHTS/ACTIVATIONS",
                     "give for example --layer conv1=4/8"});
  };
  if (equals == std::string::npos || slash == std::string::npos) width({});
  return {text.substr(0, equals),
          {width(text.substr(equals + 1, slash - equals - 1)), width(text.substr(slash + 1))}};
}

QuantizerPolicy policy_of(const Options& o) {
  QuantizerPolicy policy;
  policy.bits = {o.common->quantize.weight_bits, o.common->quantize.activation_bits};
  policy.per_axis = !o.common->per_tensor;
  policy.first_last_bits = o.first_last_bits;
  policy.other_bits = o.other_bits;
  for (const std::string& text : o.layers) policy.layers.insert(parse_layer(text));
  return policy;
}

// The three stages on the same samples, by compiled code.
struct Comparison {
  Evaluation real, simulated, integer;
  std::optional<double> agreement;  // of predicted classes, simulated and integer
  std::string split;
};

Comparison compare(const Graph& real, const Graph& simulated, const Graph& integer,
                   const data::Samples& samples, const data::Normalization& normalization,
                   const std::string& split, Context& context) {
  EvaluateOptions options;
  options.normalization = normalization;
  Comparison c{evaluate(real, samples, options, context.progress()),
               evaluate(simulated, samples, options, context.progress()),
               evaluate(integer, samples, options, context.progress()), std::nullopt, split};
  const auto& a = c.simulated.predictions;
  const auto& b = c.integer.predictions;
  if (!a.empty() && a.size() == b.size()) {
    std::size_t equal = 0;
    for (std::size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] ? 1 : 0;
    c.agreement = static_cast<double>(equal) / static_cast<double>(a.size());
  }
  return c;
}

std::optional<double> accuracy_of(const Evaluation& e) {
  return e.confusion ? std::optional(e.confusion->accuracy()) : std::nullopt;
}

nlohmann::json to_json(const Options& o, const train::TrainResult& result,
                       const std::optional<Comparison>& c) {
  nlohmann::json json{{"output", o.common->output},
                      {"method", o.common->method},
                      {"weights", o.common->quantize.weight_bits},
                      {"activations", o.common->quantize.activation_bits},
                      {"epochs", result.epochs.back().epoch},
                      {"seed", o.training.train.seed},
                      {"seconds", result.epochs.back().seconds}};
  if (!c) return json;
  json["split"] = c->split;
  json["samples"] = c->integer.samples;
  if (c->agreement) json["agreement"] = *c->agreement;
  const auto add = [&](const char* stage, const Evaluation& e) {
    if (const auto accuracy = accuracy_of(e)) json["accuracy"][stage] = *accuracy;
    if (e.mean_squared_error) json["mean_squared_error"][stage] = *e.mean_squared_error;
  };
  add("float", c->real);
  add("simulated", c->simulated);
  add("integer", c->integer);
  return json;
}

std::string to_text(const Options& o, const train::TrainResult& result, const std::optional<Comparison>& c) {
  std::string text =
      fmt::format("{}: {} bits of weights, {} of activations, {}, {} epochs in {:.0f} s\n", o.common->output,
                  o.common->quantize.weight_bits, o.common->quantize.activation_bits, o.common->method,
                  result.epochs.back().epoch, result.epochs.back().seconds);
  if (!c) return text + "no validation samples: accuracy is not known (--valid FRACTION, or --test)\n";
  const auto add = [&](const char* stage, const Evaluation& e) {
    if (const auto accuracy = accuracy_of(e))
      text += fmt::format("{:<10} accuracy {:.2f}%\n", stage, 100 * *accuracy);
    else if (e.mean_squared_error)
      text += fmt::format("{:<10} mean squared error {:.6g}\n", stage, *e.mean_squared_error);
  };
  text += fmt::format("{} samples of the {} split\n", c->integer.samples, c->split);
  add("float", c->real);
  add("simulated", c->simulated);
  add("integer", c->integer);
  if (c->agreement)
    text += fmt::format("simulated and integer network agree on {:.2f}%\n", 100 * *c->agreement);
  return text;
}

void quantize_by_training(Options o, Context& context) {
  require_files(*o.common);
  const QuantizerPolicy policy = policy_of(o);
  const QuantizerMethods methods = methods_named(o.common->method, policy.bits);
  o.training.train.weight_method = methods.weights;
  o.training.train.activation_method =
      o.activation_method.empty() ? methods.activations : o.activation_method;
  const Graph real = import_model(o.common->model, {.lower = false, .simplify = false, .observer = {}});
  const Graph network = quantizer_network(real, policy);
  o.training.data.specification = data::with_features(o.common->data, o.common->features);
  if (!o.common->normalize.empty()) o.training.data.normalize = o.common->normalize;
  const train::LoadedData loaded = prepare_training(o.training, network, o.common->output);
  const train::TrainResult result = train::train(network, loaded.data, o.training.train, context.progress());
  const Graph integer = simplify(lower_simulated(simplify(result.graph)));  // as importing the file does
  verify(integer, Stage::Mixed, "lower_simulated");
  write_model(o.common->output, o.integer ? integer : result.graph);
  if (!result.posterior.empty() && !o.integer)
    write_posterior(o.common->output + ".posterior", result.posterior);

  std::optional<Comparison> comparison;
  const data::Samples samples = o.training.test ? load_test_samples(o.training) : loaded.data.valid.samples;
  if (samples.count > 0)
    comparison = compare(simplify(real), result.graph, integer, samples, loaded.data.normalization,
                         o.training.test ? "test" : "valid", context);
  if (context.json)
    context.print(to_json(o, result, comparison));
  else
    context.print(to_text(o, result, comparison));
}

}  // namespace

void add_quantize_by_training(CLI::App& command, const std::shared_ptr<QuantizeArguments>& arguments,
                              Context& context) {
  auto options = std::make_shared<Options>();
  options->common = arguments;
  // A trained network moves a little: a small rate, statistics measured anew at the end.
  options->training.train.epochs = 5;
  options->training.sgd_rate = 0.01;
  options->training.adam_rate = 0.001;
  options->training.default_reestimate = 100;
  command
      .add_option("--first-last", options->first_last_bits,
                  "bits of the first and last layer; 0: as the others")
      ->capture_default_str();
  command
      .add_option("--other-bits", options->other_bits, "bits of what residual sums, pools and the like read")
      ->capture_default_str();
  command.add_option("--layer", options->layers,
                     "NAME=WEIGHTS/ACTIVATIONS: bits of one layer; may be repeated");
  command.add_option("--activation-method", options->activation_method, "another method for activations");
  command.add_flag("--integer", options->integer, "write the integer network instead of the simulated one");
  add_training_options(command, options->training);
  command.callback([options, &context] {
    if (options->common->method == "list") return print_methods(context);
    if (!is_range_method(options->common->method)) return quantize_by_training(*options, context);
    require_files(*options->common);
    quantize_after_training(*options->common, context);
  });
}

}  // namespace mote::cli
