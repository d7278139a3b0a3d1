// What the uniform quantizers share: grid, least-squares steps, what the graph gets. And the rows of
// quantizer_list that come from this family.
#pragma once

#include <memory>
#include <vector>

#include "train/quantizer.h"
#include "train/quantizers/step_function.h"

namespace mote::train {

// As operator Quant has them: -2^(b-1) (+1 when narrow) .. 2^(b-1) - 1, or 0 .. 2^b - 1.
Grid grid_of(const QuantizerSpec& spec);

// The steps, one per index of spec.axis, at which rounding and clipping x err least in the mean square, among
// 100 that cut between 0 and 99 % of the range. Positive, also for zeros.
torch::Tensor least_squares_step(const torch::Tensor& x, const QuantizerSpec& spec);

// [C] as a tensor that broadcasts along `axis` of x; axis -1: as it is.
torch::Tensor along_axis(const torch::Tensor& values, const torch::Tensor& x, int axis);

// Keeps a learned step from jumping: no more than 2 % up or down from one training batch to the next. A step
// is a small number with a large gradient; an unlucky batch could make it negative, or so large that every
// weight of its channel rounds to 0, and it would never come back.
class StepLimit {
 public:
  explicit StepLimit(const torch::Tensor& step) : last_(step.detach().clone()) {}
  // After initialization, and before each training batch.
  void reset(const torch::Tensor& step);
  void apply(const torch::Tensor& step);
  const torch::Tensor& buffer() const { return last_; }

 private:
  torch::Tensor last_;
};

// Quant with these steps; `weights`, where defined, become levels times steps.
ExportedQuant exported_step(const QuantizerSpec& spec, const torch::Tensor& step, const torch::Tensor& offset,
                            const torch::Tensor& weights);

std::unique_ptr<Quantizer> make_lsq(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_lsq_plus(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_pact(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_dorefa(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_learned_interval(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_ste_identity(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_ste_clipped(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_ste_tanh(const QuantizerSpec& spec);

}  // namespace mote::train
