// AVX-512 VNNI kernels: convolution and fully-connected layers of 8 bits, four products per lane.
#include "plan/byte_output.h"
#include "plan/strip.h"

namespace mote {

namespace {

constexpr std::int64_t kChannelBlock = 16;
constexpr std::int64_t kUnsigned = 128;  // inputs are multiplied as x + 128

// For each two blocks of channels, the last may be alone, for each run, for each four elements of it, the
// fours of the channels in turn.
std::vector<std::int8_t> pack_fours(const Filters& f, std::int64_t run) {
  std::vector<std::int8_t> packed;
  for (std::int64_t first = 0; first < f.channels; first += 2 * kChannelBlock) {
    const std::int64_t channels = first + kChannelBlock < f.channels ? 2 * kChannelBlock : kChannelBlock;
    for (std::int64_t start = 0; start < f.elements; start += run)
      for (std::int64_t k = 0; k < run; k += 4)
        for (std::int64_t o = first; o < first + channels; ++o)
          for (std::int64_t j = k; j < k + 4; ++j)
            packed.push_back(static_cast<std::int8_t>(j < run ? f.at(o, start + j) : 0));
  }
  return packed;
}

}  // namespace

BindResult bind_conv2d_s8_vnni(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  if (const std::string why = strip_refusal(c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  KernelCall call{
      "conv2d_s8_vnni", "conv2d_s8_vnni_params", {}, {context.node().inputs[0]}, context.node().outputs};
  call.row_ranges = true;
  Strip strip = add_strip(call.params, context, c, {1, 4, kUnsigned});
  const std::string note = add_byte_output(call.params, context, c, f, {kNaturalOrder, kUnsigned});
  call.params.push_back({"weights", constant_array(pack_fours(f, strip.run))});
  call.scratch_bytes = strip.bytes + pixel_table_bytes(c, strip, 8);
  return Bound{{std::move(call)}, {}, note};
}

}  // namespace mote
