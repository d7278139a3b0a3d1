// Post-training quantization: a trained float graph becomes an Integer-stage graph, without training.
//
// The result obeys the 8-bit law (docs/numerics.md; Jacob et al., CVPR 2018, arXiv:1712.05877; the TFLite
// 8-bit quantization specification): affine activations, symmetric weights without their least integer, s32
// biases with the scale of input times weights, fused activations as integer bounds.
#pragma once

#include <vector>

#include "compress/quantize/calibrate.h"
#include "compress/quantize/quantize_options.h"

namespace mote {

// `calibration` is of this very graph. Values keep their names; with float_io, inputs and outputs keep them
// and the integers beside them are called NAME_quantized. Throws UserError, naming the node, for a graph that
// is not in the Float stage, for an operator without an integer form, and for a layer whose weights or bias
// are computed but must be constant. options.equalize is not looked at: it is a rewriting before calibration
// (equalize.h).
Graph quantize_post_training(const Graph& float_graph, const Calibration& calibration,
                             const QuantizeOptions& options);

// Everything in its order: equalization if asked for, calibration on these samples, quantization.
// `make_executor` gives the executor of the graph that is calibrated; without it the oracle runs.
using MakeExecutor = std::function<Executor(const Graph&)>;
Graph quantize_with_samples(const Graph& float_graph, const std::vector<std::vector<Tensor>>& samples,
                            const QuantizeOptions& options, const MakeExecutor& make_executor = {},
                            const Progress& progress = {});

}  // namespace mote
