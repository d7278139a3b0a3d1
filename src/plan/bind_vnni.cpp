// AVX-512 VNNI kernels: convolution and fully-connected layers of 8 bits, four products per lane.
#include <algorithm>
#include <numeric>

#include "plan/byte_output.h"
#include "plan/low_bits.h"
#include "plan/strip.h"

namespace mote {

namespace {

constexpr std::int64_t kUnsigned = 128;  // inputs are multiplied as x + 128

// For each group of blocks, for each run, for each four elements of it, the fours of the channels in turn;
// absent channels repeat the last one, which brings no values of its own.
std::vector<std::int8_t> pack_fours(const Filters& f, std::int64_t run) {
  std::vector<std::int8_t> packed;
  std::int64_t channels = 0;
  for (std::int64_t first = 0; first < f.channels; first += channels) {
    channels = kVectorBlock * group_blocks(f.channels - first);
    for (std::int64_t start = 0; start < f.elements; start += run)
      for (std::int64_t k = 0; k < run; k += 4)
        for (std::int64_t o = first; o < first + channels; ++o)
          for (std::int64_t j = k; j < k + 4; ++j)
            packed.push_back(
                static_cast<std::int8_t>(j < run ? f.at(std::min(o, f.channels - 1), start + j) : 0));
  }
  return packed;
}

constexpr std::int64_t kChunk = 64;  // outputs of a depthwise row that are computed at a time

// Channel of each output of the chunks until they repeat, as interleaving leaves them.
std::vector<std::int64_t> depthwise_places(std::int64_t channels, std::int64_t phases) {
  std::vector<std::int64_t> places;
  for (std::int64_t phase = 0; phase < phases; ++phase)
    for (std::int64_t vector = 0; vector < 4; ++vector)
      for (std::int64_t lane = 0; lane < 16; ++lane)
        places.push_back((kChunk * phase + lane / 4 * 16 + 4 * vector + lane % 4) % channels);
  return places;
}

std::vector<std::int8_t> pack_depthwise(const Convolution& c, const Filters& f,
                                        const std::vector<std::int64_t>& places, std::int64_t fours) {
  std::vector<std::int8_t> packed;
  for (std::size_t phase = 0; phase < places.size(); phase += kChunk)
    for (std::int64_t ky = 0; ky < c.rows.taps; ++ky)
      for (std::int64_t tap = 0; tap < 4 * fours; tap += 4)
        for (std::size_t i = phase; i < phase + kChunk; ++i)
          for (std::int64_t kx = tap; kx < tap + 4; ++kx)
            packed.push_back(static_cast<std::int8_t>(
                kx < c.columns.taps ? f.at(places[i], ky * c.columns.taps + kx) : 0));
  return packed;
}

}  // namespace

BindResult bind_conv2d_s8_vnni(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = byte_strip_refusal(context, c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  KernelCall call = strip_call(context, "conv2d_s8_vnni");
  const Strip strip = add_strip(call.params, context, c, {1, 4, kUnsigned});
  const std::string note = add_byte_output(call.params, context, c, f, {kNaturalOrder, kUnsigned});
  const std::vector<std::int8_t> weights = pack_fours(f, strip.run);
  call.scratch_bytes = strip.bytes + pixel_table_bytes(c, strip, 8);
  const std::string low = add_low_weights(call.params, context, weights);
  if (low.empty())
    call.params.push_back({"weights", constant_array(weights)});
  else
    call.scratch_bytes += group_blocks(c.out_channels) * static_cast<std::int64_t>(weights.size()) /
                          (round_up(f.channels, kVectorBlock) / kVectorBlock);
  return Bound{{std::move(call)}, {}, low + note};
}

BindResult bind_depthwise_conv2d_s8_vnni(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = byte_strip_refusal(context, c); !why.empty()) return Refusal{why};
  if (c.out_channels != c.in_channels) return Refusal{"it has several filters per channel"};
  const Filters f = filters_of(context, c);
  KernelCall call = strip_call(context, "depthwise_conv2d_s8_vnni");
  const Strip strip = add_strip(call.params, context, c, {1, kChunk, kUnsigned});
  const std::int64_t stride = c.columns.stride;
  const std::int64_t group = round_up(strip.columns, stride) / stride * c.in_channels;
  const std::int64_t fours = round_up(c.columns.taps, 4) / 4;
  std::vector<std::int32_t> taps(
      static_cast<std::size_t>(4 * fours));  // those that are not there read the first
  for (std::int64_t kx = 0; kx < c.columns.taps; ++kx) {
    const std::int64_t column = kx * c.columns.step;
    taps[static_cast<std::size_t>(kx)] =
        static_cast<std::int32_t>(column % stride * group + column / stride * c.in_channels);
  }
  const std::int64_t phases = c.in_channels / std::gcd(c.in_channels, kChunk);
  const auto places = depthwise_places(c.in_channels, phases);
  const std::string note =
      add_byte_output(call.params, context, c, f, {kNaturalOrder, kUnsigned, 1, 1, places});
  call.params.push_back({"row_bytes", stride * group});
  call.params.push_back({"group_bytes", group});
  call.params.push_back({"fours", fours});
  call.params.push_back({"phases", phases});
  call.params.push_back({"taps", constant_array(taps)});
  call.params.push_back({"weights", constant_array(pack_depthwise(c, f, places, fours))});
  call.scratch_bytes = strip.height * stride * group + 2 * kChunk;
  return Bound{{std::move(call)}, {}, note};
}

}  // namespace mote
