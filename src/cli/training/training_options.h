// What mote train and mote quantize ask about training, and the way from the answers to a run.
#pragma once

#include <optional>
#include <string>

#include "ir/graph.h"
#include "train/train.h"
#include "train/train_data.h"

namespace CLI {
class App;
}

namespace mote::cli {

struct TrainingArguments {
  std::string augment, optimizer, loss = "auto", schedule = "one-cycle";
  train::DataRequest data;
  train::TrainOptions train;
  std::optional<double> rate, valid;
  double sgd_rate = 0.1, adam_rate = 0.003;  // where no rate is given
  double warm_up = -1, step_factor = 0.1;
  std::optional<std::size_t> reestimate;
  std::size_t default_reestimate = 0;  // where it is not given and no averages are kept
  bool test = false;
};

// All but the model, --data, --normalize and the output.
void add_training_options(CLI::App& command, TrainingArguments& arguments);

// Loads the data for this network and completes arguments.train; checkpoints go beside `output`.
train::LoadedData prepare_training(TrainingArguments& arguments, const Graph& graph,
                                   const std::string& output);

data::Samples load_test_samples(const TrainingArguments& arguments);

}  // namespace mote::cli
