// Random encodings and tensors for the operators' samples.
#pragma once

#include "base/rng.h"
#include "ir/tensor.h"

namespace mote {

// Activation of 8 bits, sometimes fewer, sometimes unsigned or bipolar, any zero point.
Encoding random_narrow_activation(Rng& rng);
// Signed weights of 8 bits or fewer with zero point 0; scales along `axis` (of extent `channels`), or per
// tensor when axis < 0. Now and then unsigned with zero points, or with levels.
Encoding random_weight_encoding(Rng& rng, int axis, std::int64_t channels);
// Reals in [real_low, real_high); integers anywhere in the encoding's range, for 32 bits in +-2^16.
Tensor random_tensor(Rng& rng, const TensorType& type, double real_low = -2, double real_high = 2);
// The same for integer weights, now and then as training leaves them: most of them small, few large.
Tensor random_weights(Rng& rng, const TensorType& type);
// A scale such that sums of `terms` products of random operands spread over the range of `bits`, sometimes
// saturating.
float random_output_scale(Rng& rng, const Encoding& x, const Encoding& w, std::int64_t terms, int bits);

}  // namespace mote
