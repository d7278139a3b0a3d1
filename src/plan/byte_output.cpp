#include "plan/byte_output.h"

#include <algorithm>

#include "plan/float_scaling.h"

namespace mote {

namespace {

constexpr std::int64_t kBlock = 16;

struct Bounds {
  std::int64_t least, largest;
};

// Of sum + bias over all inputs; the zero point of the input is folded into the bias.
Bounds bounds_of(const Filters& f, std::int64_t channel, const Encoding& x) {
  const std::int64_t low = x.min() - byte_flip(x);
  const std::int64_t high = x.max() - byte_flip(x);
  Bounds bounds{f.bias[static_cast<std::size_t>(channel)], f.bias[static_cast<std::size_t>(channel)]};
  for (std::int64_t k = 0; k < f.elements; ++k) {
    const std::int64_t w = f.at(channel, k);
    bounds.least += std::min(w * low, w * high);
    bounds.largest += std::max(w * low, w * high);
  }
  return bounds;
}

// What one channel adds to the arrays.
struct ChannelOutput {
  std::int32_t bias = 0;
  Multiplier multiplier{};
  std::optional<FloatScaling> scaling;
};

struct Arrays {
  std::vector<std::int32_t> bias, multipliers, left, right;
  std::vector<std::int8_t> real;
  std::vector<float> scale, above, below;

  void add(const ChannelOutput& channel) {
    bias.push_back(channel.bias);
    multipliers.push_back(channel.multiplier.value);
    left.push_back(std::max(channel.multiplier.shift, 0));
    right.push_back(std::max(-channel.multiplier.shift, 0));
    const FloatScaling form = channel.scaling.value_or(FloatScaling{0, 0, 0});
    scale.push_back(form.scale);
    above.push_back(form.above);
    below.push_back(form.below);
  }
};

// As in mote_byte_output: 2 has one offset, 1 two, 0 no float scaling.
std::int8_t form_of(const std::optional<FloatScaling>& scaling) {
  return !scaling ? 0 : scaling->above == scaling->below ? 2 : 1;
}

std::vector<std::int64_t> places_in_blocks(std::int64_t channels, const std::array<int, 16>& order) {
  std::vector<std::int64_t> places;
  for (std::int64_t first = 0; first < channels; first += kBlock)
    for (const int place : order) places.push_back(first + place);
  return places;
}

}  // namespace

std::string add_byte_output(std::vector<Parameter>& params, const BindContext& context, const Convolution& c,
                            const Filters& f, const ByteSums& sums) {
  const Encoding& y = context.output().encoding;
  const std::int64_t flip = byte_flip(y);
  const auto zero = static_cast<std::int32_t>(c.stage.zero_point - flip);
  const IntegerRange range{static_cast<std::int32_t>(c.stage.range.min - flip),
                           static_cast<std::int32_t>(c.stage.range.max - flip)};
  const OutputConstants constants = output_constants(c, true);
  const bool sums_fit = f.sums_fit();
  std::vector<ChannelOutput> channels;
  std::int64_t proved = 0;
  for (std::int64_t o = 0; o < f.channels; ++o) {
    const auto i = static_cast<std::size_t>(o);
    std::int64_t offset = 0;
    for (std::int64_t k = 0; k < f.elements; ++k) offset += f.at(o, k);
    const std::int64_t bias = (f.bias[i] - offset * sums.x_offset) * sums.bias_factor;
    ChannelOutput channel{static_cast<std::int32_t>(static_cast<std::uint32_t>(bias)),
                          {constants.multipliers[i], constants.shifts[i]},
                          {}};
    if (sums_fit) {
      const Bounds bounds = bounds_of(f, o, context.input(0).encoding);
      channel.scaling =
          prove_float_scaling(channel.multiplier, zero, range, bounds.least, bounds.largest, sums.factor);
    }
    proved += channel.scaling ? 1 : 0;
    channels.push_back(channel);
  }
  const auto places = sums.places.empty() ? places_in_blocks(f.channels, sums.order) : sums.places;
  Arrays a;
  for (std::size_t first = 0; first < places.size(); first += kBlock) {
    std::int8_t least = 2;
    for (std::size_t i = first; i < first + kBlock; ++i) {
      const bool exists = places[i] < f.channels;
      const ChannelOutput channel = exists ? channels[static_cast<std::size_t>(places[i])] : ChannelOutput{};
      a.add(channel);
      if (exists) least = std::min(least, form_of(channel.scaling));
    }
    a.real.push_back(least);
  }
  params.push_back({"output.y_flip", flip});
  params.push_back({"output.y_zero", std::int64_t{zero}});
  params.push_back({"output.low", std::int64_t{range.min}});
  params.push_back({"output.high", std::int64_t{range.max}});
  params.push_back({"output.bias", constant_array(a.bias)});
  params.push_back({"output.real", constant_array(a.real)});
  params.push_back({"output.scale", constant_array(a.scale)});
  params.push_back({"output.above", constant_array(a.above)});
  params.push_back({"output.below", constant_array(a.below)});
  params.push_back({"output.multipliers", constant_array(a.multipliers)});
  params.push_back({"output.left_shifts", constant_array(a.left)});
  params.push_back({"output.right_shifts", constant_array(a.right)});
  return std::to_string(proved) + " of " + std::to_string(f.channels) +
         " channels scaled in float arithmetic";
}

}  // namespace mote
