// BinaryConnect (Courbariaux, Bengio, David: "BinaryConnect: Training Deep Neural Networks with binary
// weights during propagations", NeurIPS 2015). Real weights w are kept and clipped to [-H, H]; the network
// computes with H sign(w), and the gradient passes to w unchanged. H is one constant of the layer (the paper
// takes 1 and lets batch normalization find the scale); we take the mean magnitude of the weights that
// training starts from, so that a trained network may be the start.
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

class BinaryConnect final : public Quantizer {
 public:
  explicit BinaryConnect(const QuantizerSpec& spec) : spec_(spec), bound_(torch::ones({1})) {}

  void initialize(const torch::Tensor& x) override {
    bound_.copy_(x.detach().abs().mean().clamp_min(kLeastScale).reshape({1}));
  }
  // In training the weights themselves are clipped before they are used.
  torch::Tensor forward(const torch::Tensor& x, bool training) override {
    if (training) {
      const torch::NoGradGuard no_gradient;
      const double bound = bound_.item<double>();
      x.detach().clamp_(-bound, bound);
    }
    return with_gradient(sign_of(x) * bound_, x);
  }
  std::vector<NamedTensor> buffers() override { return {{"bound", bound_}}; }
  ExportedQuant exported(const torch::Tensor& x) override {
    return exported_signs(spec_, bound_.expand({row_count(spec_)}), sign_of(x) * bound_);
  }

 private:
  QuantizerSpec spec_;
  torch::Tensor bound_;
};

}  // namespace

std::unique_ptr<Quantizer> make_binary_connect(const QuantizerSpec& spec) {
  return std::make_unique<BinaryConnect>(spec);
}

}  // namespace mote::train
