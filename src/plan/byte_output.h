// The members of mote_byte_output (kernels/c/byte_output.h).
#pragma once

#include <array>

#include "plan/packed_filters.h"

namespace mote {

// How a kernel sums.
struct ByteSums {
  const std::array<int, 16>& order;  // the channel within a block of 16 that stands in each place
  std::int64_t x_offset = 0;         // of the inputs that the kernel multiplies, from the signed bytes
  std::int64_t factor = 1;           // the sums are so many times the true ones
  std::int64_t bias_factor = 1;      // and so is the bias where the kernel adds it
  std::vector<std::int64_t> places =
      {};  // channels in the kernel's own order, in whole blocks of 16; not `order`
};

// Lanes in their natural order; as packing two AVX2 vectors of eight puts them right.
inline constexpr std::array<int, 16> kNaturalOrder = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
inline constexpr std::array<int, 16> kPackedOrder = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};

// Adds the members of `output`. The answer says how many channels have float scaling.
std::string add_byte_output(std::vector<Parameter>& params, const BindContext& context, const Convolution& c,
                            const Filters& filters, const ByteSums& sums);

}  // namespace mote
