// What a user chooses about the widths of a Simulated network.
#pragma once

#include <map>
#include <string>

namespace mote {

// 1: bipolar (-1, +1); 2: weights are ternary, as every narrow signed range of 2 bits; up to 8.
struct LayerBits {
  int weights = 8;
  int activations = 8;  // of the layer's input
  bool operator==(const LayerBits&) const = default;
};

struct QuantizerPolicy {
  LayerBits bits;
  bool per_axis = true;  // a scale per output channel of the weights, else one per tensor
  // Layers that no other layer precedes or follows: weights, and the input of the last one (the first one
  // reads other_bits). 0: as the others.
  int first_last_bits = 8;
  // The network's input and outputs, and whatever an operator other than a layer with weights reads: the
  // operands and results of residual sums, of pooling over the image, of nonlinear functions.
  int other_bits = 8;
  // By the node's name, or the name of its output where it has none; goes before first_last_bits.
  std::map<std::string, LayerBits> layers;
};

// Throws UserError for widths outside 1..8 (other_bits: 2..8).
void check_policy(const QuantizerPolicy& policy);

}  // namespace mote
