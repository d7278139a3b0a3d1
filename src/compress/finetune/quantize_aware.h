// Quantization-aware training: a float network gets quantizers and is trained with them (Jacob et al., CVPR
// 2018, arXiv:1712.05877, section 3; the methods are those of train/quantizer_list.h).
#pragma once

#include <string>

#include "compress/quantize/quantizer_policy.h"
#include "ir/graph.h"

namespace mote {

struct QuantizerMethods {
  std::string weights = "lsq", activations = "lsq";  // rows of quantizer_list
};

// What one name stands for at these widths: a method that is not for weights, or not for activations of that
// width, leaves them to lsq; one that is not for activations leaves their signs to bi_real. Throws UserError
// for an unknown name, and for widths that neither takes.
QuantizerMethods methods_named(const std::string& name, const LayerBits& bits);

// The network to be trained: simplified, batch normalization standing, with quantizers at every site. Throws
// UserError for anything but a float network, and for bad policies.
Graph quantizer_network(const Graph& float_network, const QuantizerPolicy& policy);

}  // namespace mote
