// Layers with random weights, by local reparameterization (Kingma, Salimans, Welling 2015, arXiv:1506.02557):
// a sum of many independent products is nearly normal (central limit theorem), so its outputs are sampled
// from
//   mean = x * E[w] + bias,   variance = x^2 * V[w]
// instead of the weights: one noise per output, and gradients of low variance.
#include <limits>

#include "ops/operator_list.h"
#include "train/forward.h"

namespace mote::train {

namespace {

constexpr double kLeastVariance = 1e-12;  // the root has no finite slope at 0

bool is_layer(std::string_view name) {
  return name == "Conv2D" || name == "DepthwiseConv2D" || name == "ConvTranspose2D" ||
         name == "FullyConnected" || name == "MatMul";
}

}  // namespace

// The noise comes before a fused activation, so the layer runs without it.
ForwardResult forward_sampled(const ForwardCall& call, const torch::Tensor& variance) {
  if (!is_layer(call.node.op->name()))
    throw UserError({"the distribution of weights cannot be trained", call.node.name,
                     std::string(call.node.op->name()) + " reads them, which is no layer",
                     "choose another method for this quantizer"});
  constexpr double kNone = std::numeric_limits<double>::infinity();
  double low = -kNone;
  double high = kNone;
  Fields fields = call.node.op->fields();
  for (auto& [name, value] : fields) {
    if (name == "clamp_min") low = std::get<double>(std::exchange(value, -kNone));
    if (name == "clamp_max") high = std::get<double>(std::exchange(value, kNone));
  }
  Node linear = call.node;
  linear.op = make_operator(call.node.op->name(), fields);
  const Forward forward = find_forward(*linear.op);
  const auto run = [&](std::vector<torch::Tensor> inputs) {
    return forward({linear, std::move(inputs), call.batches})[0];
  };
  const torch::Tensor mean = run(call.inputs);
  const torch::Tensor deviation =
      run({call.x().square(), variance, torch::Tensor()}).clamp_min(kLeastVariance).sqrt();
  const torch::Tensor y = mean + deviation * at::randn_like(mean);
  return {clamped(y, static_cast<float>(low), static_cast<float>(high))};
}

}  // namespace mote::train
