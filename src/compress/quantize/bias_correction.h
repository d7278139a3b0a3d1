// Bias correction: rounding the weights of a layer shifts the mean of each output channel by E[(W' - W) x],
// which equals (W' - W) E[x] because the layer is linear. The bias takes it back. Nagel, van Baalen,
// Blankevoort and Welling, "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV
// 2019, arXiv:1906.04721, section 4.2; the mean input comes from calibration instead of batch normalization.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace mote {

// What to add to the bias, per output channel. `op` is Conv2D, DepthwiseConv2D, ConvTranspose2D or
// FullyConnected, `x` its input type in the float graph, `mean` the mean of each channel (last axis) of x,
// `weights` as they were and `rounded` as a quantized tensor of the same shape. Padding is taken into
// account: the mean is over all output positions.
std::vector<double> bias_correction(const Operator& op, const TensorType& x, const std::vector<double>& mean,
                                    const Tensor& weights, const Tensor& rounded);

}  // namespace mote
