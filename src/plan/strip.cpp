#include "plan/strip.h"

#include <algorithm>

namespace mote {

std::string strip_refusal(const Convolution& c) {
  if (c.groups != 1 && !c.depthwise) return "it has groups";
  if (c.rows.offset > 0 || c.columns.offset > 0) return "its padding is negative";
  return {};
}

std::string byte_strip_refusal(const BindContext& context, const Convolution& c) {
  const std::string why = fast_refusal(context, c);
  return why.empty() ? strip_refusal(c) : why;
}

namespace {

// Within the second cache together with the weights of some channels; of a small arena as little as possible.
std::int64_t room_bytes(Optimize optimize) { return optimize == Optimize::kSpeed ? 96 * 1024 : 8 * 1024; }

std::int64_t strip_height(const WindowAxis& rows, std::int64_t count) {
  return rows.taps == 1 ? count : (count - 1) * rows.stride + (rows.taps - 1) * rows.step + 1;
}

}  // namespace

Strip add_strip(std::vector<Parameter>& params, const BindContext& context, const Convolution& c,
                StripForm form) {
  const bool single_row = c.rows.taps == 1;
  const std::int64_t left = -c.columns.offset;
  Strip strip{};
  strip.columns = std::max(left, (round_up(c.columns.out, form.tile) - 1) * c.columns.stride +
                                     (c.columns.taps - 1) * c.columns.step + 1);
  const std::int64_t row = strip.columns * c.in_channels;
  const std::int64_t room = room_bytes(context.optimize) / form.element_bytes;
  strip.rows = form.tile;
  while (strip.rows < c.rows.out && strip_height(c.rows, strip.rows + 1) * row <= room) ++strip.rows;
  if (c.rows.out > 0) {
    const std::int64_t parts = (c.rows.out + strip.rows - 1) / strip.rows;
    strip.rows = round_up((c.rows.out + parts - 1) / parts, form.tile);
  }
  strip.height = strip_height(c.rows, strip.rows);
  const bool whole = c.columns.step == 1 && !c.depthwise;  // the taps of a row stand side by side
  const std::int64_t per_row = whole ? 1 : c.columns.taps;
  strip.run = (whole ? c.columns.taps : 1) * c.depth();
  strip.segments = c.rows.taps * per_row;
  strip.bytes = (strip.height * row + form.run_multiple) * form.element_bytes;
  std::vector<std::int32_t> offsets;
  for (std::int64_t ky = 0; ky < c.rows.taps; ++ky)
    for (std::int64_t kx = 0; kx < per_row; ++kx)
      offsets.push_back(
          static_cast<std::int32_t>(ky * c.rows.step * row + kx * c.columns.step * c.in_channels));
  if (c.depthwise && offsets.size() % 2 != 0) offsets.push_back(0);  // taps go in pairs
  const Encoding& x = context.input(0).encoding;
  add_window(params, c, "strip.window");
  params.push_back({"strip.x_slots", c.batches * c.rows.in});
  params.push_back({"strip.y_slots", c.batches * c.rows.out});
  params.push_back({"strip.rows", strip.rows});
  params.push_back({"strip.left", left});
  params.push_back({"strip.columns", strip.columns});
  params.push_back({"strip.pick", single_row ? c.rows.stride : 1});
  params.push_back({"strip.pitch", single_row ? 1 : c.rows.stride});
  params.push_back({"strip.x_flip", byte_flip(x)});
  params.push_back({"strip.x_fill", byte_zero(x) + form.fill_offset});
  params.push_back({"strip.segments", strip.segments});
  params.push_back({"strip.run", strip.run});
  params.push_back({"strip.offsets", constant_array(offsets)});
  return strip;
}

KernelCall strip_call(const BindContext& context, const std::string& function) {
  KernelCall call{function, function + "_params", {}, {context.node().inputs[0]}, context.node().outputs};
  call.row_ranges = true;
  return call;
}

std::int64_t group_blocks(std::int64_t channels_left) {
  const std::int64_t blocks = round_up(channels_left, kVectorBlock) / kVectorBlock;
  return blocks >= 4 ? 4 : blocks >= 2 ? 2 : 1;
}

}  // namespace mote
