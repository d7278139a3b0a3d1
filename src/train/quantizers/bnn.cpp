// Binarized neural networks (Hubara, Courbariaux, Soudry, El-Yaniv, Bengio: "Binarized Neural Networks",
// NeurIPS 2016): weights as in BinaryConnect, activations sign(x) with the gradient of the hard tanh.
#include "train/quantizers/methods.h"
#include "train/quantizers/sign_activation.h"

namespace mote::train {

std::unique_ptr<Quantizer> make_bnn(const QuantizerSpec& spec) {
  return spec.weights ? make_binary_connect(spec)
                      : make_sign_activation(spec, SignSurrogate::HardTanh, false);
}

}  // namespace mote::train
