// Fully-connected layers of few rows with AVX2: unsigned by signed bytes, in fours that cannot saturate.
#include <algorithm>

#include "plan/byte_output.h"
#include "plan/low_bits.h"
#include "plan/strip.h"

namespace mote {

namespace {

constexpr std::int64_t kChannels = 32;  // that the kernel takes together
constexpr std::int64_t kInputs = 8;
constexpr std::int64_t kMostRows = 3;   // more of them read the weights more cheaply side by side
constexpr std::int32_t kLargest = 128;  // 255 times it fits 16 bits

// Cuts what exceeds the limit off the weights at `places`, which are summed in 16 bits.
void cut(std::vector<std::int32_t>& kept, std::vector<std::int32_t>& rest,
         std::initializer_list<std::size_t> places) {
  std::int32_t positive = 0;
  std::int32_t negative = 0;
  for (const std::size_t i : places) {
    const std::int32_t w = kept[i];
    std::int32_t& sum = w > 0 ? positive : negative;
    const std::int32_t fits = w > 0 ? std::min(w, kLargest - sum) : std::max(w, -kLargest - sum);
    sum += fits;
    kept[i] = fits;
    rest[i] = w - fits;
  }
}

struct Fours {
  std::vector<std::int8_t> weights, rest_weights;
  std::vector<std::int32_t> rest_starts{0}, rest_inputs;

  // Four inputs from k of the channels, of which weights[channel][first + i] are meant; nothing where all are
  // 0.
  void add_rest(std::vector<std::vector<std::int32_t>> left, std::int64_t k, std::size_t first) {
    const auto any = [&] {
      return std::any_of(left.begin(), left.end(), [&](const auto& w) {
        return std::any_of(w.begin() + static_cast<std::ptrdiff_t>(first),
                           w.begin() + static_cast<std::ptrdiff_t>(first) + 4, [](auto v) { return v != 0; });
      });
    };
    while (any()) {
      rest_inputs.push_back(static_cast<std::int32_t>(k));
      for (auto& channel : left) {
        std::vector<std::int32_t> rest = channel;
        cut(channel, rest, {first, first + 1});
        cut(channel, rest, {first + 2, first + 3});
        for (std::size_t i = first; i < first + 4; ++i)
          rest_weights.push_back(static_cast<std::int8_t>(channel[i]));
        channel = rest;
      }
    }
  }
};

Fours pack_fours(const Filters& f, const std::vector<std::int64_t>& places) {
  Fours fours;
  for (std::size_t block = 0; block < places.size(); block += kChannels) {
    for (std::int64_t k = 0; k < f.elements; k += kInputs) {
      std::vector<std::vector<std::int32_t>> kept(kChannels), rest(kChannels);
      for (std::size_t i = 0; i < kChannels; ++i) {
        for (std::int64_t j = k; j < k + kInputs; ++j) kept[i].push_back(f.at(places[block + i], j));
        rest[i].resize(kInputs);
        cut(kept[i], rest[i], {0, 1, 4, 5});
        cut(kept[i], rest[i], {2, 3, 6, 7});
      }
      for (std::size_t half = 0; half < kInputs; half += 4) {
        for (const auto& channel : kept)
          for (std::size_t i = half; i < half + 4; ++i)
            fours.weights.push_back(static_cast<std::int8_t>(channel[i]));
        fours.add_rest(rest, k + static_cast<std::int64_t>(half), half);
      }
    }
    fours.rest_starts.push_back(static_cast<std::int32_t>(fours.rest_inputs.size()));
  }
  return fours;
}

}  // namespace

BindResult bind_fully_connected_s8_avx2(const BindContext& context) {
  const Convolution c = convolution_of(context);
  if (!context.target.has("fma")) return Refusal{"the target has no fused multiply-add"};
  if (const std::string why = fast_refusal(context, c); !why.empty()) return Refusal{why};
  if (has_low_bits(context.input(1).encoding)) return Refusal{"the weights have few bits"};
  if (c.rows.out > kMostRows) return Refusal{"it has many rows"};
  const Filters f = filters_of(context, c);
  std::vector<std::int64_t> places;
  for (std::int64_t first = 0; first < f.channels; first += kChannels)
    for (std::int64_t i = 0; i < kChannels; ++i)
      places.push_back(first + i / 16 * 16 + kPackedOrder[static_cast<std::size_t>(i % 16)]);
  const Fours fours = pack_fours(f, places);
  if (fours.rest_weights.size() * 4 > fours.weights.size())
    return Refusal{"too many weights exceed what fits 16 bits"};
  KernelCall call = strip_call(context, "fully_connected_s8_avx2");
  call.params = {{"x_slots", c.rows.in},
                 {"y_slots", c.rows.out},
                 {"inputs", c.in_channels},
                 {"channels", c.out_channels},
                 {"x_flip", byte_flip(context.input(0).encoding)}};
  const std::string note = add_byte_output(call.params, context, c, f, {kNaturalOrder, 128, 1, 1, places});
  call.params.push_back({"weights", constant_array(fours.weights)});
  call.params.push_back({"rest_starts", constant_array(fours.rest_starts)});
  call.params.push_back({"rest_inputs", constant_array(fours.rest_inputs)});
  call.params.push_back({"rest_weights", constant_array(fours.rest_weights)});
  call.scratch_bytes = c.in_channels + kInputs;
  return Bound{{std::move(call)}, {}, std::to_string(fours.rest_inputs.size()) + " corrections, " + note};
}

}  // namespace mote
