#include "train/quantizers/uniform.h"

#include <cmath>

namespace mote::train {

namespace {

// A row per index of the axis.
torch::Tensor rows_of(const torch::Tensor& x, int axis) {
  return axis < 0 ? x.reshape({1, -1}) : x.movedim(axis, 0).reshape({x.size(axis), -1});
}

// At most so many elements decide about a step.
constexpr std::int64_t kEnough = 1 << 17;

}  // namespace

Grid grid_of(const QuantizerSpec& spec) {
  const float half = std::exp2(static_cast<float>(spec.bits - 1));
  if (!spec.is_signed) return {0, 2 * half - (spec.narrow ? 2.0F : 1.0F)};
  return {-half + (spec.narrow ? 1.0F : 0.0F), half - 1};
}

torch::Tensor least_squares_step(const torch::Tensor& x, const QuantizerSpec& spec) {
  const torch::NoGradGuard no_gradient;
  constexpr int kCandidates = 100;
  const Grid grid = grid_of(spec);
  torch::Tensor rows = rows_of(x.detach(), spec.axis);
  if (rows.size(1) > kEnough) {
    const std::int64_t stride = rows.size(1) / kEnough;
    rows = rows.slice(1, 0, rows.size(1), stride | 1);  // odd: does not stay on a few channels
  }
  rows = rows.contiguous();
  const torch::Tensor positive = rows.amax(1, true).clamp_min(0) / grid.high;
  const torch::Tensor largest =
      grid.low < 0 ? torch::maximum(positive, rows.amin(1, true).clamp_max(0) / grid.low) : positive;
  torch::Tensor best = largest.clone();
  torch::Tensor least = torch::full_like(largest, INFINITY);
  for (int k = kCandidates; k > 0; --k) {
    const torch::Tensor step = (largest * k / kCandidates).clamp_min(kLeastStep);
    const torch::Tensor error =
        ((rows / step).clamp(grid.low, grid.high).round() * step - rows).square().mean(1, true);
    const torch::Tensor better = error < least;
    best = torch::where(better, step, best);
    least = torch::where(better, error, least);
  }
  best = best.flatten();
  // a channel of zeros takes the step of the others
  const float other = best.max().item<float>();
  return torch::where(best > kLeastStep, best, torch::full_like(best, other > kLeastStep ? other : 1.0F));
}

torch::Tensor along_axis(const torch::Tensor& values, const torch::Tensor& x, int axis) {
  if (axis < 0) return values;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[static_cast<std::size_t>(axis)] = values.numel();
  return values.reshape(shape);
}

void StepLimit::reset(const torch::Tensor& step) {
  const torch::NoGradGuard no_gradient;
  last_.copy_(step);
}

void StepLimit::apply(const torch::Tensor& step) {
  constexpr double kLargestChange = 1.02;
  const torch::NoGradGuard no_gradient;
  torch::Tensor value = step.detach();
  value.copy_(torch::minimum(torch::maximum(value, last_ / kLargestChange), last_ * kLargestChange));
  last_.copy_(value);
}

ExportedQuant exported_step(const QuantizerSpec& spec, const torch::Tensor& step, const torch::Tensor& offset,
                            const torch::Tensor& weights) {
  const torch::NoGradGuard no_gradient;
  const Grid grid = grid_of(spec);
  ExportedQuant e;
  e.bits = static_cast<float>(spec.bits);
  e.is_signed = spec.is_signed;
  e.narrow = spec.narrow;
  e.axis = spec.axis;
  const torch::Tensor s = effective_step(step).contiguous();
  e.scale.assign(s.data_ptr<float>(), s.data_ptr<float>() + s.numel());
  if (offset.defined()) e.zero_point = effective_zero(step, offset, grid)[0].item<float>();
  if (weights.defined())
    e.values = step_levels(weights, step, {grid, spec.axis}) * along_axis(s, weights, spec.axis);
  return e;
}

}  // namespace mote::train
