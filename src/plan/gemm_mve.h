// Layers as matrix products for Arm cores with MVE: which function of kernels/c/gemm_mve.S runs them, and the
// stream of weights and output constants that it reads.
#pragma once

#include <vector>

#include "plan/packed_filters.h"

namespace mote {

// How sums become bytes (kernels/c/gemm_mve.S).
struct MveOutput {
  int form = 2;
  bool clamps = false, flips = false;
  std::int64_t low = 0, high = 0, zero = 0;     // as signed bytes
  std::vector<std::int32_t> bias, multipliers;  // by channel
  std::vector<int> shifts;                      // positive to the left

  int finish() const { return (clamps ? 1 : 0) + (flips ? 2 : 0); }
  std::string note() const;  // for Bound
};
MveOutput mve_output(const BindContext& context, const Convolution& c, const Filters& f);

// How the windows of two pixels are read: segments of so many bytes.
struct MveSegments {
  std::int64_t count, bytes;
};

// Adds the members of mote_mve_filters under the name `filters`, and the assembly. `has_tail`: nothing may be
// read behind a segment.
void add_mve_gemm(KernelCall& call, const BindContext& context, const Filters& f, const MveOutput& output,
                  const MveSegments& segments, bool has_tail);

// The same for filters of three neighbouring taps in each of `rows` rows, stride 1: four pixels at a time.
void add_mve_conv3(KernelCall& call, const Filters& f, const MveOutput& output, std::int64_t rows,
                   std::int64_t in_channels);

// The same for layers of one pixel.
void add_mve_gemv(KernelCall& call, const BindContext& context, const Filters& f, const MveOutput& output);

// NAME_1_2_3 of NAME and the arguments "1, 2, 3" of its macro.
std::string mve_symbol(const std::string& name, std::string arguments);

// Bytes of mote_mve_pairs with so many segments and a null pointer behind them.
std::int64_t mve_pairs_bytes(std::int64_t segments);

}  // namespace mote
