#include "plan/band.h"

#include <algorithm>

#include "plan/packed_filters.h"

namespace mote {

namespace {

constexpr std::int64_t kLargestScratchBytes = 64 * 1024;       // where speed counts: about a first cache
constexpr std::int64_t kLargestSmallScratchBytes = 16 * 1024;  // elsewhere, unless one row needs more
constexpr std::int64_t kMostRows = 16;
constexpr std::int64_t kPixelEntryBytes = 16;  // two addresses
constexpr std::int64_t kReadsPastEnd = 16;

std::int64_t span(const WindowAxis& axis, std::int64_t outputs) {
  return (outputs - 1) * axis.stride + (axis.taps - 1) * axis.step + 1;
}

}  // namespace

Band choose_band(const BindContext& context, const Convolution& c, std::int64_t pixel_bytes,
                 std::int64_t pixel_block) {
  const std::int64_t limit =
      context.optimize == Optimize::kSpeed ? kLargestScratchBytes : kLargestSmallScratchBytes;
  const std::int64_t window = c.rows.taps * c.columns.taps * pixel_bytes;
  const std::int64_t filters = c.depthwise ? 1 : c.out_channels;
  Band best;
  double least = 0;
  for (std::int64_t rows = 1; rows <= std::min(c.rows.out, kMostRows); ++rows) {
    Band band{rows, pixel_bytes, span(c.columns, c.columns.out) * pixel_bytes};
    band.bytes = round_up(span(c.rows, rows) * band.row_bytes + kReadsPastEnd, 16);
    const std::int64_t pixels = round_up(rows * c.columns.out, pixel_block);
    band.scratch_bytes = band.bytes + pixels * kPixelEntryBytes;
    if (rows > 1 && band.scratch_bytes > limit) break;
    // products eight at a time, copied bytes sixteen at a time, and the weights once per group
    const double work = static_cast<double>(pixels * window * filters) / 8 +
                        static_cast<double>(band.bytes) / 16 + static_cast<double>(window * filters) / 16;
    const double per_row = work / static_cast<double>(rows);
    if (rows > 1 && per_row >= least) continue;
    best = band;
    least = per_row;
  }
  return best;
}

Runs runs_of(const Convolution& c) {
  if (c.columns.step == 1 || c.columns.taps == 1) return {1, c.columns.taps * c.in_channels};
  return {c.columns.taps, c.in_channels};
}

std::int64_t tap_bytes(const Convolution& c) { return round_up(4 * (c.rows.taps * c.columns.taps + 1), 16); }

KernelCall band_call(const BindContext& context, const Convolution& c, const std::string& function,
                     const Band& band, std::int64_t more_scratch) {
  KernelCall call{function,
                  function + "_params",
                  {},
                  {context.node().inputs[0]},
                  {context.node().outputs[0]},
                  band.scratch_bytes + more_scratch};
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  call.params.push_back(
      {"band", std::vector<std::int64_t>{band.rows, band.pixel_bytes, band.row_bytes, band.bytes}});
  return call;
}

}  // namespace mote
