// DoReFa-Net (Zhou, Wu, Ni, Zhou, Wen, Zou: "DoReFa-Net: Training Low Bitwidth Convolutional Neural Networks
// with Low Bitwidth Gradients", 2016, arXiv:1606.06160), forward quantizers.
//
// Weights (equation 9): t = tanh(w) / max|tanh(w)|, w' = 2 quantize_k(t / 2 + 1/2) - 1, quantize_k(u) =
// round((2^k - 1) u) / (2^k - 1): the odd multiples of 1 / (2^k - 1), without zero. They are the integers
// -(2^k - 1),
// ..., -1, 1, ..., 2^k - 1 of an 8-bit grid, 2^k levels, so k bits are stored. That holds up to 4 bits; from
// 5 bits on, where it makes no difference, t is rounded to the narrow symmetric grid, which has a zero.
// Activations (equation 11): quantize_k(clip(a, 0, 1)), signed: clip(a, -1, 1).
//
// The paper trains from scratch within [-1, 1]. So that a trained network can be the start, w' is multiplied
// by the greatest magnitude of the weights, and activations are clipped at the value of least squared error,
// both constants from initialization.
#include "train/quantizers/ste.h"
#include "train/quantizers/uniform.h"

namespace mote::train {

namespace {

constexpr int kMostLevelBits = 4;

class DorefaWeights final : public Quantizer {
 public:
  explicit DorefaWeights(const QuantizerSpec& spec)
      : spec_(spec),
        odd_(spec.bits <= kMostLevelBits),
        top_(odd_ ? static_cast<float>((1 << spec.bits) - 1) : grid_of(spec).high),
        range_(torch::ones({spec.axis < 0 ? 1 : spec.channels})) {}

  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    range_.copy_(greatest(x.detach().abs()).flatten().clamp_min(kLeastStep));
  }
  torch::Tensor forward(const torch::Tensor& x, bool) override {
    const torch::Tensor t = squashed(x);
    const torch::Tensor q = levels(t.detach());
    return with_gradient(q * along_axis(range_ / top_, x, spec_.axis), t * along_axis(range_, x, spec_.axis));
  }
  std::vector<NamedTensor> buffers() override { return {{"range", range_}}; }
  ExportedQuant exported(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    ExportedQuant e = exported_step(spec_, range_ / top_, {}, {});
    if (odd_) e.bits = 8;
    e.is_signed = e.narrow = true;
    e.values = levels(squashed(x)) * along_axis(range_ / top_, x, spec_.axis);
    return e;
  }

 private:
  torch::Tensor greatest(const torch::Tensor& magnitudes) const {
    if (spec_.axis < 0) return magnitudes.max();
    return along_axis(magnitudes.movedim(spec_.axis, 0).flatten(1).amax(1), magnitudes, spec_.axis);
  }
  torch::Tensor squashed(const torch::Tensor& x) const {
    const torch::Tensor t = x.tanh();
    return t / greatest(t.abs()).clamp_min(kLeastStep);
  }
  // Integers with |q| <= top, for t in [-1, 1].
  torch::Tensor levels(const torch::Tensor& t) const {
    return odd_ ? ((t * top_ + top_) / 2).round() * 2 - top_ : (t * top_).round();
  }

  QuantizerSpec spec_;
  bool odd_;
  float top_;
  torch::Tensor range_;
};

class DorefaActivations final : public Quantizer {
 public:
  explicit DorefaActivations(const QuantizerSpec& spec) : spec_(spec), step_(torch::ones({1})) {
    spec_.narrow = spec.is_signed;
    grid_ = grid_of(spec_);
  }
  void initialize(const torch::Tensor& x) override { step_.copy_(least_squares_step(x, spec_)); }
  torch::Tensor forward(const torch::Tensor& x, bool) override {
    return quantize_with_step(x, step_, {}, {grid_});
  }
  std::vector<NamedTensor> buffers() override { return {{"step", step_}}; }
  bool clips_below_zero() const override { return grid_.low == 0; }
  ExportedQuant exported(const torch::Tensor&) override { return exported_step(spec_, step_, {}, {}); }

 private:
  QuantizerSpec spec_;
  Grid grid_{};
  torch::Tensor step_;
};

}  // namespace

std::unique_ptr<Quantizer> make_dorefa(const QuantizerSpec& spec) {
  if (spec.weights) return std::make_unique<DorefaWeights>(spec);
  return std::make_unique<DorefaActivations>(spec);
}

}  // namespace mote::train
