#include "train/optimizers.h"

#include <cmath>

namespace mote::train {

Optimizer::Optimizer(std::vector<Parameter> parameters, const OptimizerOptions& options) : options_(options) {
  for (Parameter& parameter : parameters) {
    Slot slot{std::move(parameter), {}, {}};
    slot.first = torch::zeros_like(slot.parameter.tensor).detach();
    if (options.kind != OptimizerKind::Sgd) slot.second = slot.first.clone();
    slots_.push_back(std::move(slot));
  }
  steps_ = torch::zeros({}, torch::kInt64);
}

void Optimizer::step_sgd(Slot& slot, const torch::Tensor& gradient, double rate) {
  slot.first.mul_(options_.momentum).add_(gradient);
  if (options_.nesterov) {
    slot.parameter.tensor.add_(gradient, -rate).add_(slot.first, -rate * options_.momentum);
  } else {
    slot.parameter.tensor.add_(slot.first, -rate);
  }
}

void Optimizer::step_adam(Slot& slot, const torch::Tensor& gradient, double rate, std::int64_t steps) {
  const auto n = static_cast<double>(steps);
  slot.first.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
  slot.second.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  const torch::Tensor spread =
      (slot.second / (1 - std::pow(options_.beta2, n))).sqrt_().add_(options_.epsilon);
  slot.parameter.tensor.addcdiv_(slot.first, spread, -rate / (1 - std::pow(options_.beta1, n)));
}

void Optimizer::step(double rate) {
  const torch::NoGradGuard guard;
  steps_ += 1;
  const std::int64_t steps = steps_.item<std::int64_t>();
  for (Slot& slot : slots_) {
    torch::Tensor gradient = slot.parameter.tensor.grad();
    if (!gradient.defined()) continue;
    const double own_rate = rate * slot.parameter.rate;
    const double decay = slot.parameter.role == Role::Weight ? options_.weight_decay : 0;
    if (options_.kind == OptimizerKind::AdamW) {
      if (decay > 0) slot.parameter.tensor.mul_(1 - own_rate * decay);
    } else if (decay > 0) {
      gradient = gradient.add(slot.parameter.tensor, decay);
    }
    if (options_.kind == OptimizerKind::Sgd)
      step_sgd(slot, gradient, own_rate);
    else
      step_adam(slot, gradient, own_rate, steps);
    slot.parameter.tensor.mutable_grad().reset();
  }
}

double Optimizer::clip_gradients(double most) {
  const torch::NoGradGuard guard;
  double squares = 0;
  for (const Slot& slot : slots_) {
    const torch::Tensor gradient = slot.parameter.tensor.grad();
    if (!gradient.defined()) continue;
    const auto norm = gradient.norm().item<double>();
    squares += norm * norm;
  }
  const double norm = std::sqrt(squares);
  if (most > 0 && norm > most)
    for (Slot& slot : slots_)
      if (slot.parameter.tensor.grad().defined()) slot.parameter.tensor.mutable_grad().mul_(most / norm);
  return norm;
}

std::vector<NamedTensor> Optimizer::state() {
  std::vector<NamedTensor> tensors{{"steps", steps_}};
  for (Slot& slot : slots_) {
    tensors.push_back({"first/" + slot.parameter.name, slot.first});
    if (slot.second.defined()) tensors.push_back({"second/" + slot.parameter.name, slot.second});
  }
  return tensors;
}

}  // namespace mote::train
