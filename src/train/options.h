// Everything that decides a training run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "train/augment.h"
#include "train/schedule.h"

namespace mote::train {

enum class OptimizerKind {
  Sgd,   // with momentum, by default Nesterov's (Sutskever et al. 2013)
  Adam,  // Kingma, Ba 2015, arXiv:1412.6980; weight decay as a gradient
  AdamW  // Loshchilov, Hutter 2019, arXiv:1711.05101; weight decay apart from the gradient
};

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::Sgd;
  double rate = 0.1;  // before the schedule and the parameters' own factors
  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 5e-4;  // of weights; biases, normalization and quantizers have none
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};

enum class LossKind {
  Auto,  // Reconstruction where outputs have the shape of inputs and the samples no labels, MeanSquaredError
         // where targets are given, else CrossEntropy
  CrossEntropy,      // of the label's class; outputs are logits, or probabilities of a final Softmax
  MeanSquaredError,  // to the targets; without targets, to the label as a number (one output) or as one-hot
  Reconstruction     // mean squared error to the sample before augmentation
};

struct TrainOptions {
  std::uint64_t epochs = 20;
  std::size_t batch = 128;
  OptimizerOptions optimizer;
  Schedule schedule;
  LossKind loss = LossKind::Auto;
  double label_smoothing = 0;  // Szegedy et al. 2016, arXiv:1512.00567, section 7
  double ema = 0;              // decay per step of averaged parameters, 0: none; the averages are the result
  double clip = 0;             // largest norm of all gradients together, 0: no limit
  Augmentation augmentation;
  std::uint64_t seed = 1;
  std::size_t threads = 0;  // 0: all; bit-exact repetition is promised for 1
  // Stops after so many epochs without a better validation score and keeps the best epoch; 0: runs to the end
  // and keeps the last one.
  std::uint64_t patience = 0;
  // Batches from which the statistics of batch normalization are taken anew at the end, with the final
  // parameters and without augmentation; 0: those of training.
  std::size_t reestimate_batches = 0;

  // Quantizers of the nodes of a simulated graph (quantizer_list.h).
  std::string weight_method = "lsq", activation_method = "lsq";

  std::filesystem::path checkpoint;    // empty: none. Written after every epoch
  std::uint64_t checkpoint_steps = 0;  // and after so many steps; 0: epochs only
  bool resume = false;                 // from `checkpoint`, where it exists
  std::filesystem::path log;           // CSV, see record.h; empty: none
};

OptimizerKind parse_optimizer(const std::string& text);  // "sgd", "adam", "adamw"; UserError otherwise
LossKind parse_loss(const std::string& text);            // "auto", "cross-entropy", "mse", "reconstruction"

}  // namespace mote::train
