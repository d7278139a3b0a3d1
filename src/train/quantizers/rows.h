// What the quantizers of weights share: weights as rows of one channel each, the nearest of a list of levels,
// and scales that fit.
#pragma once

#include <vector>

#include "train/quantizer.h"
#include "train/quantizers/ste.h"

namespace mote::train {

// A row per index of `axis`; per tensor (axis < 0) one row of everything.
torch::Tensor to_rows(const torch::Tensor& x, int axis);
torch::Tensor from_rows(const torch::Tensor& rows, const torch::Tensor& like, int axis);
// As many scales as the specification has channels: 1 per tensor.
std::int64_t row_count(const QuantizerSpec& spec);

// The index of the nearest of the ascending `levels` (a vector), and that level. A tie goes to the lower one.
torch::Tensor nearest_index(const torch::Tensor& x, const torch::Tensor& levels);
torch::Tensor nearest_level(const torch::Tensor& x, const torch::Tensor& levels);

// +1 where x >= 0, else -1: the sign of BipolarQuant.
torch::Tensor sign_of(const torch::Tensor& x);

// Per row [rows, 1] a scale s that makes |x - s nearest_level(x / s)|^2 small: the best of several clipping
// points, each refined by alternating least squares. Positive, also for rows of zeros.
torch::Tensor fitted_scales(const torch::Tensor& rows, const torch::Tensor& levels);

// Keeps scales positive and normal numbers.
inline constexpr double kLeastScale = 1e-10;

std::vector<float> to_floats(const torch::Tensor& x);

// What reproduces scales [rows, 1] times integer levels: of the 8-bit grid, or `bits` < 8 where the levels
// are a whole narrow range.
ExportedQuant exported_levels(const QuantizerSpec& spec, int bits, const torch::Tensor& scales,
                              const torch::Tensor& values);
ExportedQuant exported_signs(const QuantizerSpec& spec, const torch::Tensor& scales,
                             const torch::Tensor& values);

}  // namespace mote::train
