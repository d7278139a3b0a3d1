// A fixed uniform grid with a choice of straight-through estimators (ste.h): the plain baseline that learned
// steps are measured against. The step is that of least squared error when training starts; weights move, it
// does not.
#include "train/quantizers/ste.h"
#include "train/quantizers/uniform.h"

namespace mote::train {

namespace {

class StraightThrough final : public Quantizer {
 public:
  StraightThrough(const QuantizerSpec& spec, Estimator estimator)
      : spec_(spec),
        grid_(grid_of(spec)),
        estimator_(estimator),
        step_(torch::ones({spec.axis < 0 ? 1 : spec.channels})) {}

  void initialize(const torch::Tensor& x) override { step_.copy_(least_squares_step(x, spec_)); }

  torch::Tensor forward(const torch::Tensor& x, bool training) override {
    if (estimator_ == Estimator::Clipped || !training)
      return quantize_with_step(x, step_, {}, {grid_, spec_.axis});
    const torch::Tensor value = quantize_with_step(x.detach(), step_, {}, {grid_, spec_.axis});
    if (estimator_ == Estimator::Identity) return with_gradient(value, x);
    const torch::Tensor step = along_axis(step_, x, spec_.axis);
    const torch::Tensor middle = step * (grid_.low + grid_.high) / 2;
    const torch::Tensor half = step * (grid_.high - grid_.low) / 2;
    return with_gradient(value, x, slope(estimator_, (x.detach() - middle) / half));
  }

  std::vector<NamedTensor> buffers() override { return {{"step", step_}}; }
  bool clips_below_zero() const override { return estimator_ == Estimator::Clipped && grid_.low == 0; }
  ExportedQuant exported(const torch::Tensor& x) override { return exported_step(spec_, step_, {}, x); }

 private:
  QuantizerSpec spec_;
  Grid grid_;
  Estimator estimator_;
  torch::Tensor step_;
};

}  // namespace

std::unique_ptr<Quantizer> make_ste_identity(const QuantizerSpec& spec) {
  return std::make_unique<StraightThrough>(spec, Estimator::Identity);
}
std::unique_ptr<Quantizer> make_ste_clipped(const QuantizerSpec& spec) {
  return std::make_unique<StraightThrough>(spec, Estimator::Clipped);
}
std::unique_ptr<Quantizer> make_ste_tanh(const QuantizerSpec& spec) {
  return std::make_unique<StraightThrough>(spec, Estimator::Tanh);
}

}  // namespace mote::train
