#include "train/optimizers.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mote::train {
namespace {

Parameter scalar(double value, Role role = Role::Bias, double rate = 1) {
  Parameter parameter;
  parameter.name = "p";
  parameter.tensor = torch::full({1}, value, torch::kFloat64).requires_grad_(true);
  parameter.role = role;
  parameter.rate = rate;
  return parameter;
}

double value_of(const Parameter& parameter) { return parameter.tensor.item<double>(); }

// One step with gradient `gradient`.
void step(Optimizer& optimizer, Parameter& parameter, double gradient, double rate) {
  parameter.tensor.mutable_grad() = torch::full({1}, gradient, torch::kFloat64);
  optimizer.step(rate);
}

TEST(Optimizer, SgdFollowsItsRecurrence) {
  for (const bool nesterov : {false, true}) {
    OptimizerOptions options;
    options.momentum = 0.9;
    options.nesterov = nesterov;
    options.weight_decay = 0.01;
    Parameter p = scalar(1.0, Role::Weight, 0.5);
    Optimizer optimizer({p}, options);
    double x = 1, velocity = 0;
    for (const double g : {0.3, -0.2, 0.7, 0.1}) {
      step(optimizer, p, g, 0.2);
      const double full = g + 0.01 * x;
      velocity = 0.9 * velocity + full;
      x -= 0.1 * (nesterov ? full + 0.9 * velocity : velocity);
      EXPECT_NEAR(value_of(p), x, 1e-12);
    }
  }
}

TEST(Optimizer, AdamFollowsItsRecurrenceAndAdamWDecaysApart) {
  for (const OptimizerKind kind : {OptimizerKind::Adam, OptimizerKind::AdamW}) {
    OptimizerOptions options;
    options.kind = kind;
    options.weight_decay = 0.1;
    Parameter p = scalar(2.0, Role::Weight);
    Optimizer optimizer({p}, options);
    double x = 2, m = 0, v = 0;
    int n = 0;
    for (double g : {0.5, -1.0, 0.25}) {
      step(optimizer, p, g, 0.01);
      ++n;
      if (kind == OptimizerKind::AdamW)
        x *= 1 - 0.01 * 0.1;
      else
        g += 0.1 * x;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      x -= 0.01 * (m / (1 - std::pow(0.9, n))) / (std::sqrt(v / (1 - std::pow(0.999, n))) + 1e-8);
      EXPECT_NEAR(value_of(p), x, 1e-12);
    }
  }
}

TEST(Optimizer, OnlyWeightsDecayAndOnlyParametersWithGradientsMove) {
  for (const Role role : {Role::Bias, Role::Normalization, Role::Quantizer}) {
    Parameter p = scalar(3, role);
    Optimizer optimizer({p}, {});
    step(optimizer, p, 0, 0.1);
    EXPECT_EQ(value_of(p), 3);
    optimizer.step(0.1);
    EXPECT_EQ(value_of(p), 3);
    EXPECT_FALSE(p.tensor.grad().defined());
  }
}

TEST(Optimizer, ClipsByTheNormOfAllGradients) {
  Parameter a = scalar(0), b = scalar(0);
  Optimizer optimizer({a, b}, {});
  const auto set = [&] {
    a.tensor.mutable_grad() = torch::full({1}, 3.0, torch::kFloat64);
    b.tensor.mutable_grad() = torch::full({1}, 4.0, torch::kFloat64);
  };
  set();
  EXPECT_DOUBLE_EQ(optimizer.clip_gradients(10), 5);
  EXPECT_EQ(a.tensor.grad().item<double>(), 3);
  EXPECT_DOUBLE_EQ(optimizer.clip_gradients(1), 5);
  EXPECT_NEAR(a.tensor.grad().item<double>(), 0.6, 1e-12);
  EXPECT_NEAR(b.tensor.grad().item<double>(), 0.8, 1e-12);
}

}  // namespace
}  // namespace mote::train
