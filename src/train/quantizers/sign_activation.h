// Bipolar activations: scale * (x >= 0 ? 1 : -1) with a surrogate gradient for the step.
#pragma once

#include "train/quantizer.h"

namespace mote::train {

enum class SignSurrogate {
  HardTanh,   // 1 where |x| <= 1, else 0: d/dx of max(-1, min(1, x)) (BNN)
  Polynomial  // 2 - 2|x| where |x| <= 1, else 0: of a piecewise second-order polynomial (Bi-Real Net)
};

// The scale is 1, or the mean magnitude of the first batch where `scaled`.
std::unique_ptr<Quantizer> make_sign_activation(const QuantizerSpec& spec, SignSurrogate surrogate,
                                                bool scaled);

}  // namespace mote::train
