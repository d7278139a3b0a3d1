#include "train/quantizers/sign_activation.h"

#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// One node of the tape for step and surrogate: activations are large, temporaries cost.
struct SignFunction : torch::autograd::Function<SignFunction> {
  static Variable forward(AutogradContext* context, const Variable& x, double scale, bool polynomial) {
    context->save_for_backward({x});
    context->saved_data["scale"] = scale;
    context->saved_data["polynomial"] = polynomial;
    return (x >= 0).to(x.dtype()).mul_(2 * scale).sub_(scale);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const torch::Tensor magnitude = context->get_saved_variables()[0].abs();
    const double scale = context->saved_data["scale"].toDouble();
    torch::Tensor slope = context->saved_data["polynomial"].toBool() ? (2 - 2 * magnitude).clamp_min_(0)
                                                                     : (magnitude <= 1).to(magnitude.dtype());
    return {slope.mul_(gradients[0]).mul_(scale), Variable(), Variable()};
  }
};

class SignActivation final : public Quantizer {
 public:
  SignActivation(const QuantizerSpec& spec, SignSurrogate surrogate, bool scaled)
      : spec_(spec), surrogate_(surrogate), scaled_(scaled), scale_(torch::ones({1})) {}

  void initialize(const torch::Tensor& x) override {
    if (scaled_) scale_.copy_(x.detach().abs().mean().clamp_min(kLeastScale).reshape({1}));
  }
  torch::Tensor forward(const torch::Tensor& x, bool /*training*/) override {
    return SignFunction::apply(x, scale_.item<double>(), surrogate_ == SignSurrogate::Polynomial);
  }
  std::vector<NamedTensor> buffers() override { return {{"scale", scale_}}; }
  ExportedQuant exported(const torch::Tensor& /*x*/) override {
    ExportedQuant e = exported_signs(spec_, scale_, {});
    e.axis = -1;
    return e;
  }

 private:
  QuantizerSpec spec_;
  SignSurrogate surrogate_;
  bool scaled_;
  torch::Tensor scale_;
};

}  // namespace

std::unique_ptr<Quantizer> make_sign_activation(const QuantizerSpec& spec, SignSurrogate surrogate,
                                                bool scaled) {
  return std::make_unique<SignActivation>(spec, surrogate, scaled);
}

}  // namespace mote::train
