#include "train/quantizers/level_distribution.h"

#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

// Of all levels but the nearest two together, at the start: as few as not to drown the trained weights in
// variance, as many as to let every level be found.
constexpr double kUniformPart = 0.1;

torch::Tensor levels_of_width(int bits) {
  if (bits == 1) return torch::tensor({-1.0F, 1.0F});
  const auto greatest = static_cast<float>((1 << (bits - 1)) - 1);
  return torch::arange(-greatest, greatest + 1, torch::kFloat);
}

std::vector<std::int64_t> with_front(std::int64_t extent, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> result = {extent};
  result.insert(result.end(), shape.begin(), shape.end());
  return result;
}

}  // namespace

LevelDistribution::LevelDistribution(const QuantizerSpec& spec)
    : spec_(spec),
      levels_(levels_of_width(spec.bits)),
      scales_(torch::ones({row_count(spec), 1}).requires_grad_()),
      parameter_(torch::zeros(with_front(levels_.size(0), spec.shape)).requires_grad_()),
      sharpness_(torch::ones({1})) {
  levels_ = levels_.reshape(with_front(-1, std::vector<std::int64_t>(spec.shape.size(), 1)));
}

void LevelDistribution::initialize(const torch::Tensor& x) {
  const torch::NoGradGuard no_gradient;
  const torch::Tensor flat = levels_.flatten();
  scales_.copy_(fitted_scales(to_rows(x.detach(), spec_.axis), flat));
  const double greatest = flat.max().item<double>();
  const double spacing = spec_.bits == 1 ? 2 : 1;
  const torch::Tensor u = (x.detach() / scale()).clamp(-greatest, greatest);
  const torch::Tensor triangle = (1 - (u.unsqueeze(0) - levels_).abs() / spacing).clamp_min(0);
  const auto count = static_cast<double>(flat.size(0));
  const double uniform = kUniformPart / (count - 1);
  const torch::Tensor p = triangle * (1 - uniform * count) + uniform;
  sharpness_.copy_(2 / scales_.mean().reshape({1}));
  parameter_.copy_(torch::log(p) / sharpness_);
}

torch::Tensor LevelDistribution::logits() const { return parameter_ * sharpness_; }

torch::Tensor LevelDistribution::scale() const {
  const torch::Tensor s = scales_.clamp_min(kLeastScale);
  if (spec_.axis < 0) return s.reshape({1});
  std::vector<std::int64_t> shape(spec_.shape.size(), 1);
  shape[static_cast<std::size_t>(spec_.axis)] = spec_.channels;
  return s.reshape(shape);
}

torch::Tensor LevelDistribution::most_probable() const {
  return levels_.flatten().index({parameter_.detach().argmax(0)}) * scale();
}

std::vector<Parameter> LevelDistribution::parameters() {
  return {{{"scales", scales_}, Role::Quantizer}, {{"logits", parameter_}, Role::Quantizer}};
}

std::vector<NamedTensor> LevelDistribution::buffers() { return {{"sharpness", sharpness_}}; }

std::optional<LevelProbabilities> LevelDistribution::probabilities() {
  const torch::NoGradGuard no_gradient;
  LevelProbabilities result;
  for (const float level : to_floats(levels_)) result.levels.push_back(static_cast<int>(level));
  result.probabilities = torch::softmax(logits(), 0);
  result.scale = to_floats(scale());
  result.axis = spec_.axis;
  return result;
}

ExportedQuant LevelDistribution::exported(const torch::Tensor& /*x*/) {
  const torch::NoGradGuard no_gradient;
  return spec_.bits == 1 ? exported_signs(spec_, scale().flatten(), most_probable())
                         : exported_levels(spec_, spec_.bits, scale().flatten(), most_probable());
}

}  // namespace mote::train
