// Quantizers of weights and activations that are not plain uniform grids; their files say what they do and
// where they come from.
#pragma once

#include "train/quantizer.h"

namespace mote::train {

// One bit: weights, or weights and activations.
std::unique_ptr<Quantizer> make_binary_connect(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_bnn(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_xnor_net(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_bi_real(const QuantizerSpec& spec);

// Ternary weights.
std::unique_ptr<Quantizer> make_twn(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_ttq(const QuantizerSpec& spec);

// Weights on at most 2^bits integers of an 8-bit grid, 2 to 4 bits.
std::unique_ptr<Quantizer> make_kmeans(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_lq_nets(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_inq(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_apot(const QuantizerSpec& spec);

// Uniform grids reached through a staircase that sharpens: weights and activations.
std::unique_ptr<Quantizer> make_soft(const QuantizerSpec& spec);

// Distributions over the levels of a weight.
std::unique_ptr<Quantizer> make_discrete(const QuantizerSpec& spec);
std::unique_ptr<Quantizer> make_gumbel(const QuantizerSpec& spec);

}  // namespace mote::train
