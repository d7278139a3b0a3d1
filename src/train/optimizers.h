// Optimizers with their state in the open, so that a checkpoint can hold it. Internal to train/.
#pragma once

#include <vector>

#include "train/options.h"
#include "train/quantizer.h"

namespace mote::train {

class Optimizer {
 public:
  Optimizer(std::vector<Parameter> parameters, const OptimizerOptions& options);

  // One step along the gradients that the parameters hold, with learning rate `rate` times their own factors;
  // then the gradients are gone. Parameters without a gradient stay. Weight decay is for Role::Weight only.
  void step(double rate);

  // The norm of all gradients together; scales them down to `most` where it is larger and `most` is above 0.
  double clip_gradients(double most);

  // Moments and the number of steps. Copying into these tensors restores a state.
  std::vector<NamedTensor> state();

 private:
  struct Slot {
    Parameter parameter;
    torch::Tensor first, second;  // moments; second: Adam only
  };
  void step_sgd(Slot& slot, const torch::Tensor& gradient, double rate);
  void step_adam(Slot& slot, const torch::Tensor& gradient, double rate, std::int64_t steps);

  OptimizerOptions options_;
  std::vector<Slot> slots_;
  torch::Tensor steps_;  // int64 scalar
};

}  // namespace mote::train
