// XNOR-Net (Rastegari, Ordonez, Redmon, Farhadi: "XNOR-Net: ImageNet Classification Using Binary
// Convolutional Neural Networks", ECCV 2016): a filter is alpha sign(w) with alpha = mean |w|, the
// least-squares optimum (section 3.1). Activations are signs with one scale; the paper's scale per window
// (its matrix K) would need real arithmetic between integer layers and is left out, as the authors' own later
// networks do.
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"
#include "train/quantizers/sign_activation.h"

namespace mote::train {

namespace {

class XnorNet final : public Quantizer {
 public:
  explicit XnorNet(const QuantizerSpec& spec) : spec_(spec) {}

  void initialize(const torch::Tensor& /*x*/) override {}
  // alpha takes part in the gradient: the term 1/n of section 3.1.
  torch::Tensor forward(const torch::Tensor& x, bool /*training*/) override {
    const torch::Tensor rows = to_rows(x, spec_.axis);
    return from_rows(with_gradient(sign_of(rows), rows) * scales(rows), x, spec_.axis);
  }
  ExportedQuant exported(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    return exported_signs(spec_, scales(to_rows(x, spec_.axis)), forward(x, false));
  }

 private:
  static torch::Tensor scales(const torch::Tensor& rows) {
    return rows.abs().mean(1, true).clamp_min(kLeastScale);
  }
  QuantizerSpec spec_;
};

}  // namespace

std::unique_ptr<Quantizer> make_xnor_net(const QuantizerSpec& spec) {
  if (!spec.weights) return make_sign_activation(spec, SignSurrogate::HardTanh, true);
  return std::make_unique<XnorNet>(spec);
}

}  // namespace mote::train
