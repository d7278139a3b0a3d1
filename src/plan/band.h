// Bands of input rows in the scratch (kernels/c/band.h): how many output rows a kernel computes together.
#pragma once

#include "plan/convolution.h"

namespace mote {

struct Band {
  std::int64_t rows = 1;  // output rows of a group
  std::int64_t pixel_bytes = 1, row_bytes = 1;
  std::int64_t bytes = 0;          // of the band, a multiple of 16
  std::int64_t scratch_bytes = 0;  // with the table of pixels
};

// The group of the least work per row for kernels that take `pixel_block` pixels at once. The layer is plain.
Band choose_band(const BindContext& context, const Convolution& c, std::int64_t pixel_bytes,
                 std::int64_t pixel_block);

// The runs of a row of a window: neighbouring columns are one.
struct Runs {
  std::int64_t count, elements;
};
Runs runs_of(const Convolution& c);

// A call whose parameters begin with window, slots and band; `more_scratch` follows
// the band's.
KernelCall band_call(const BindContext& context, const Convolution& c, const std::string& function,
                     const Band& band, std::int64_t more_scratch);

// Scratch for the offsets of the taps of a depthwise layer.
std::int64_t tap_bytes(const Convolution& c);

}  // namespace mote
