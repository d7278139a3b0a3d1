// The members of mote_strip (kernels/c/strip.h): how much of the input a kernel copies at a time, and in
// which form.
#pragma once

#include "plan/packed_filters.h"

namespace mote {

struct StripForm {
  std::int64_t element_bytes;
  std::int64_t run_multiple;  // runs of a window are rounded up to it
  std::int64_t fill_offset;   // of the padding, added to the input's zero point as a signed byte
  std::int64_t tile = 1;      // output rows and columns come in so many at once
};

struct Strip {
  std::int64_t rows;      // output rows that a strip serves
  std::int64_t height;    // its own rows
  std::int64_t columns;   // of its rows, padding included
  std::int64_t segments;  // runs of a window
  std::int64_t run;       // elements of a run that count
  std::int64_t bytes;     // of the strip
};

// Why no strip serves the layer; empty: one does.
std::string strip_refusal(const Convolution& c);
// The same of 8-bit kernels: fast_refusal, then that.
std::string byte_strip_refusal(const BindContext& context, const Convolution& c);

// Adds the members of `strip`. As many rows as fit the room that the aim allows.
Strip add_strip(std::vector<Parameter>& params, const BindContext& context, const Convolution& c,
                StripForm form);

// FUNCTION on x, y and scratch, with row ranges.
KernelCall strip_call(const BindContext& context, const std::string& function);

// Kernels with vectors of 16 lanes take blocks of so many output channels: four of them together while there
// are, then two, then one.
inline constexpr std::int64_t kVectorBlock = 16;
std::int64_t group_blocks(std::int64_t channels_left);

// Where the pixels of a strip and `extra` ones stand, in the strip and in the output.
inline std::int64_t pixel_table_bytes(const Convolution& c, const Strip& strip, std::int64_t extra) {
  return 2 * 4 * (strip.rows * c.columns.out + extra);
}

}  // namespace mote
