#include "train/quantizers/rows.h"

namespace mote::train {

torch::Tensor to_rows(const torch::Tensor& x, int axis) {
  return axis < 0 ? x.reshape({1, -1}) : x.movedim(axis, 0).reshape({x.size(axis), -1});
}

torch::Tensor from_rows(const torch::Tensor& rows, const torch::Tensor& like, int axis) {
  return axis < 0 ? rows.reshape(like.sizes()) : rows.reshape(like.movedim(axis, 0).sizes()).movedim(0, axis);
}

std::int64_t row_count(const QuantizerSpec& spec) { return spec.axis < 0 ? 1 : spec.channels; }

torch::Tensor nearest_index(const torch::Tensor& x, const torch::Tensor& levels) {
  const auto n = levels.size(0);
  const torch::Tensor borders = (levels.slice(0, 0, n - 1) + levels.slice(0, 1, n)) / 2;
  return torch::bucketize(x.detach().contiguous(), borders);
}

torch::Tensor nearest_level(const torch::Tensor& x, const torch::Tensor& levels) {
  return levels.index({nearest_index(x, levels)});
}

torch::Tensor sign_of(const torch::Tensor& x) { return (x.detach() >= 0).to(x.dtype()) * 2 - 1; }

torch::Tensor fitted_scales(const torch::Tensor& rows, const torch::Tensor& levels) {
  const torch::NoGradGuard no_gradient;
  constexpr int kStarts = 16;
  constexpr int kRefinements = 4;
  const torch::Tensor x = rows.detach().to(torch::kDouble);
  const torch::Tensor l = levels.to(torch::kDouble);
  const torch::Tensor largest = x.abs().amax(1, true) / l.abs().max();
  torch::Tensor best_error = torch::full_like(largest, INFINITY);
  torch::Tensor best = largest;
  for (int start = 1; start <= kStarts; ++start) {
    torch::Tensor scale = (largest * start / kStarts).clamp_min(kLeastScale);
    for (int i = 0; i <= kRefinements; ++i) {
      const torch::Tensor q = nearest_level(x / scale, l);
      const torch::Tensor error = (x - scale * q).square().sum(1, true);
      const torch::Tensor better = error < best_error;
      best = torch::where(better, scale, best);
      best_error = torch::where(better, error, best_error);
      const torch::Tensor power = q.square().sum(1, true);
      scale =
          torch::where(power > 0, (x * q).sum(1, true) / power.clamp_min(1), scale).clamp_min(kLeastScale);
    }
  }
  return best.clamp_min(kLeastScale).to(rows.dtype());
}

std::vector<float> to_floats(const torch::Tensor& x) {
  const torch::Tensor flat = x.detach().to(torch::kFloat).contiguous().flatten();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

ExportedQuant exported_levels(const QuantizerSpec& spec, int bits, const torch::Tensor& scales,
                              const torch::Tensor& values) {
  ExportedQuant e;
  e.bits = static_cast<float>(bits);
  e.is_signed = true;
  e.narrow = true;
  e.axis = spec.axis;
  e.scale = to_floats(scales);
  if (values.defined()) e.values = values.detach();
  return e;
}

ExportedQuant exported_signs(const QuantizerSpec& spec, const torch::Tensor& scales,
                             const torch::Tensor& values) {
  ExportedQuant e = exported_levels(spec, 1, scales, values);
  e.bipolar = true;
  return e;
}

}  // namespace mote::train
