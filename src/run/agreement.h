// How far the values of an integer network are from those of the real one that it was made from, layer by
// layer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.h"
#include "ir/graph.h"

namespace mote {

// Of a quantized value that has a real one of the same name. The reference is quantized to the encoding of
// the value, halves to even, so a value that is read through a quantizer agrees with what that gives.
struct LayerAgreement {
  std::string name;
  std::string operation;  // that makes it
  std::string encoding;
  std::uint64_t elements = 0;
  std::uint64_t differing = 0;     // from the reference
  std::uint64_t own = 0;           // when the layer is given the reference's inputs: what it adds itself
  std::int64_t largest_steps = 0;  // of `differing`
  double signal = 0, noise = 0;    // sums of squares: of the real reference, of the distance from it
  double sqnr_decibels() const;
};

struct Agreement {
  std::size_t samples = 0;
  std::size_t same_class = 0;          // the greatest element of the first output is the same
  std::vector<LayerAgreement> layers;  // in the order of the integer network
};

// Runs both by the oracle. `samples`: the inputs of the reference, in order; those of the integer network
// take them in their own encodings. The shapes of the inputs must agree.
Agreement find_agreement(const Graph& reference, const Graph& integer,
                         const std::vector<std::vector<Tensor>>& samples, const Progress& progress = {});

}  // namespace mote
