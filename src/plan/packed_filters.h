// What the fast integer kernels read from the constants of a layer before they pack its weights.
#pragma once

#include <string>

#include "plan/convolution.h"

namespace mote {

// Weights [channels, elements] as signed bytes, and what follows from them.
struct Filters {
  std::int64_t channels = 0;
  std::int64_t elements = 0;  // of a filter
  std::vector<std::int32_t> values;
  std::vector<std::int32_t> bias;  // the input's zero point folded in: padding is then the zero point itself
  std::int64_t largest_sum = 0;    // bound of |sum + bias| over all inputs

  bool sums_fit() const;  // no sum + bias leaves 32 bits

  // 0 outside, so that packing may round up.
  std::int32_t at(std::int64_t channel, std::int64_t element) const {
    return channel < channels && element < elements
               ? values[static_cast<std::size_t>(channel * elements + element)]
               : 0;
  }
};

// Why the fast 8-bit kernels cannot take the layer: not 8-bit, computed weights, transposed, weights with
// zero points (or unsigned) unless the kernel can have weights of 9 bits. Empty: they can.
std::string fast_refusal(const BindContext& context, const Convolution& c, bool takes_weight_zeros = false);

// The same of kernels for 16-bit activations.
std::string fast_words_refusal(const BindContext& context, const Convolution& c);

// True when the weights, or a bias, are computed at run time: nothing can be packed.
bool has_computed_weights(const BindContext& context);

// Of a layer with constant weights, counted from their zero points, and a constant bias, if any. Depthwise
// weights [1,kh,kw,O] come as [O, kh*kw].
Filters filters_of(const BindContext& context, const Convolution& c);

// Of 64-bit scaling, for every channel: multipliers of 16 bits and one right shift, as in requantize.h.
struct WideConstants {
  std::vector<std::int32_t> multipliers, right_shifts;
};
WideConstants wide_constants(const Convolution& c);

// y_flip, y_zero, low and high of an output stage that stands under `prefix`.
void add_output_range(std::vector<Parameter>& params, const std::string& prefix, const BindContext& context,
                      const Convolution& c);

inline std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace mote
