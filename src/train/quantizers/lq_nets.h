// The quantization error minimization of LQ-Nets, for its quantizer and its test.
#pragma once

#include "train/torch.h"

namespace mote::train {

// Levels are the 2^b sums of +-basis[i], times a scale per row.
struct LearnedBasis {
  torch::Tensor scales;  // [rows, 1]
  torch::Tensor basis;   // [b], positive
};

// All sums, ascending: [2^b].
torch::Tensor levels_of(const torch::Tensor& basis);
// |x - scales * nearest level|^2.
double quantization_error(const torch::Tensor& rows, const LearnedBasis& current);
// One alternation: codes of the nearest levels, then the basis and after it the scales by least squares.
// Never increases the error.
LearnedBasis minimize_error(const torch::Tensor& rows, const LearnedBasis& current);

}  // namespace mote::train
