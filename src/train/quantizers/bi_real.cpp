// Bi-Real Net (Liu, Wu, Luo, Yang, Liu, Cheng: "Bi-Real Net: Enhancing the Performance of 1-bit CNNs with
// Improved Representational Capability and Advanced Training Algorithm", ECCV 2018): signs of activations
// with the gradient of a second-order polynomial, weights whose gradient knows their magnitude (section 3.3:
// that is XNOR-Net's scale inside the gradient). Its shortcuts around every layer are the graph's business:
// Adds stay at 8 bits.
#include "train/quantizers/methods.h"
#include "train/quantizers/sign_activation.h"

namespace mote::train {

std::unique_ptr<Quantizer> make_bi_real(const QuantizerSpec& spec) {
  return spec.weights ? make_xnor_net(spec) : make_sign_activation(spec, SignSurrogate::Polynomial, false);
}

}  // namespace mote::train
