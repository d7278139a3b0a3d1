// Layers whose activations and weights are -1 or +1 (kernels/c/xnor.h).
#include <fmt/format.h>

#include <algorithm>

#include "plan/packed_filters.h"

namespace mote {

namespace {

// What an implementation asks for.
struct Form {
  std::string name;
  std::int64_t lanes = 1;
  bool triples = true;        // it adds words by full adders
  std::int64_t repeat = 1;    // of a word of the window
  std::int64_t columns = 0;   // bytes of columns that are counted together, at most; 0: a pixel at a time
  bool has_assembly = false;  // macros that know the number of words
};

enum OutputForm : std::int64_t { kBits, kSigns, kBytes };  // as in kernels/c/xnor.h

constexpr std::int64_t kMostTerms = 16384;  // limits and what borders add to them fit 16 bits
constexpr std::int64_t kMostSum = 1 << 30;  // signs are exact below (ops/fixed_point.h)

// k of weights that are -k or +k, else 0. Lowering multiplies weights where a whole bias is too coarse
// otherwise.
std::int64_t magnitude_of(const Encoding& weights) {
  const auto levels = weights.levels();
  return levels.size() == 2 && levels[0] == -levels[1] ? levels[1] : 0;
}

std::string xnor_refusal(const BindContext& context, const Convolution& c) {
  if (const std::string why = fast_refusal(context, c); !why.empty()) return why;
  if (!context.input(0).encoding.is_bipolar() || magnitude_of(context.input(1).encoding) == 0)
    return "activations or weights are not bipolar";
  if (context.output().encoding.is_bipolar() && magnitude_of(context.input(1).encoding) != 1)
    return "signs of weights other than -1 and +1";
  if (c.groups != 1) return "it has groups";
  if (c.in_channels % 8 != 0) return "the number of input channels is not a multiple of 8";
  if (c.rows.taps * c.columns.taps * c.in_channels > kMostTerms) return "a sum may pass 16 bits";
  return {};
}

// [channels / lanes][words][lanes], triples as in kernels/c/xnor.h.
ConstantArray pack_bits(const Filters& f, const Form& form, std::int64_t words, std::int64_t triples) {
  const std::int64_t channels = round_up(f.channels, form.lanes);
  std::vector<std::int32_t> packed(static_cast<std::size_t>(channels * words));
  for (std::int64_t o = 0; o < f.channels; ++o) {
    std::vector<std::uint32_t> filter(static_cast<std::size_t>(words));
    for (std::int64_t k = 0; k < f.elements; ++k)
      filter[static_cast<std::size_t>(k / 32)] |= std::uint32_t{f.at(o, k) > 0} << (k % 32);
    const auto word = [&](std::int64_t i) { return filter[static_cast<std::size_t>(i)]; };
    for (std::int64_t at = 0; at < words; ++at) {
      std::uint32_t value = 0;
      if (at >= 3 * triples) {
        value = word(at);
      } else {
        const std::uint32_t a = word(at / 3), b = word(triples + at / 3), d = word(2 * triples + at / 3);
        value = at % 3 == 0 ? a ^ b : at % 3 == 1 ? a ^ d : a ^ b ^ d;
      }
      packed[static_cast<std::size_t>((o / form.lanes * words + at) * form.lanes + o % form.lanes)] =
          static_cast<std::int32_t>(value);
    }
  }
  ConstantArray array = constant_array(packed);
  array.c_type = "uint32_t";
  return array;
}

// Output columns whose windows leave the image.
struct Borders {
  std::int64_t left = 0, right = 0;
  bool padded = false;  // rows included
};

Borders borders_of(const Convolution& c) {
  const auto leaves = [](const WindowAxis& a, std::int64_t o, bool below) {
    const std::int64_t first = o * a.stride + a.offset;
    return below ? first < 0 : first + (a.taps - 1) * a.step >= a.in;
  };
  Borders b;
  for (std::int64_t o = 0; o < c.columns.out; ++o)
    if (leaves(c.columns, o, true))
      b.left = o + 1;
    else if (leaves(c.columns, o, false))
      ++b.right;
  b.padded = b.left + b.right > 0;
  for (std::int64_t o = 0; o < c.rows.out; ++o)
    b.padded = b.padded || leaves(c.rows, o, true) || leaves(c.rows, o, false);
  return b;
}

// A sign is +1 where bias + n - 2 * differences >= 0.
ConstantArray sign_limits(const Filters& f, std::int64_t pitch) {
  std::vector<std::int16_t> limits(static_cast<std::size_t>(pitch));
  for (std::size_t o = 0; o < f.bias.size(); ++o) {
    const std::int64_t twice = f.bias[o] + f.elements;
    limits[o] = static_cast<std::int16_t>(twice < 0 ? 0 : std::min(twice / 2, f.elements) + 1);
  }
  return constant_array(limits);
}

void add_scaled_output(std::vector<Parameter>& params, const BindContext& context, const Convolution& c,
                       const Filters& f) {
  const OutputConstants constants = output_constants(c, false);
  const std::int64_t magnitude = magnitude_of(context.input(1).encoding);
  std::vector<std::int32_t> bias;
  for (const std::int32_t b : f.bias)
    bias.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(b) +
                                             static_cast<std::uint32_t>(magnitude * f.elements)));
  params.push_back({"unit", 2 * magnitude});
  add_output_range(params, "", context, c);
  params.push_back({"channel_step", constants.multipliers.size() > 1 ? 1 : 0});
  params.push_back({"multipliers", constant_array(constants.multipliers)});
  params.push_back({"shifts", constant_array(constants.shifts)});
  params.push_back({"bias", constant_array(bias)});
}

void add_line(KernelCall& call, std::int64_t words, bool bits) {
  const AssemblyFunction line{"xnor_dsp.S", "MOTE_XNOR_LINE",
                              fmt::format("xnor_{}_{}", words, bits ? "bits" : "counts"),
                              fmt::format("{}, {}", words, bits ? 1 : 0)};
  call.params.push_back({"line", Symbol{line.symbol, "mote_xnor_line"}});
  call.assembly.push_back(line);
}

BindResult bind_xnor(const BindContext& context, const Form& form) {
  const Convolution c = convolution_of(context);
  if (const std::string why = xnor_refusal(context, c); !why.empty()) return Refusal{why};
  const Filters f = filters_of(context, c);
  const bool signs = context.output().encoding.is_bipolar();
  const bool bits = context.output_packed();
  if (bits && !signs) return Refusal{"its output stands packed with several bits"};
  if (signs && f.largest_sum >= kMostSum) return Refusal{"a biased sum may pass 30 bits"};
  const std::int64_t words = (f.elements + 31) / 32;
  constexpr std::int64_t kMostWords = 900;
  if (form.has_assembly && (words % 9 != 0 || words > kMostWords))
    return Refusal{"a filter has not whole groups of 9 words"};
  const std::int64_t triples = form.triples ? words / 3 : 0;
  const std::int64_t pitch = round_up(c.out_channels, form.lanes);
  const std::int64_t block = std::clamp<std::int64_t>(form.columns / (4 * words), 1, 64);
  const Borders borders = borders_of(c);
  KernelCall call{form.name, "conv2d_xnor_params", {}, {context.node().inputs[0]}, context.node().outputs};
  add_window(call.params, c);
  offer_row_ranges(call, c.batches * c.rows.in, 0, c.batches * c.rows.out);
  call.params.push_back({"y_form", std::int64_t{bits ? kBits : signs ? kSigns : kBytes}});
  const std::int64_t ring =
      context.input_packed(0) ? 0 : std::min(c.rows.in, (c.rows.taps - 1) * c.rows.step + 1);
  call.params.push_back({"ring", ring});
  call.params.push_back({"words", words});
  call.params.push_back({"triples", triples});
  call.params.push_back({"column_words", words * form.repeat});
  call.params.push_back({"lanes", form.lanes});
  call.params.push_back({"pitch", pitch});
  call.params.push_back({"block", block});
  call.params.push_back({"padded", std::int64_t{borders.padded}});
  call.params.push_back({"left", borders.left});
  call.params.push_back({"right", borders.right});
  call.params.push_back({"weights", pack_bits(f, form, words, triples)});
  if (form.has_assembly) add_line(call, words, signs && c.out_channels % 8 == 0);
  if (signs)
    call.params.push_back({"limits", sign_limits(f, pitch)});
  else
    add_scaled_output(call.params, context, c, f);
  call.scratch_bytes = 16 * block + 4 * (words + 8) + 4 * (block * words * form.repeat + 8);
  call.scratch_bytes += round_up(ring * c.columns.in * c.in_channels / 8, 4);
  if (borders.padded)
    call.scratch_bytes += 2 * pitch * (borders.left + borders.right + 1 + c.rows.taps * c.columns.taps);
  return Bound{{std::move(call)}, {}, "one bit by one bit"};
}

}  // namespace

BindResult bind_conv2d_xnor(const BindContext& context) {
  return bind_xnor(context, {.name = "conv2d_xnor"});
}

BindResult bind_conv2d_xnor_dsp(const BindContext& context) {
  return bind_xnor(context, {.name = "conv2d_xnor_dsp", .has_assembly = true});
}

BindResult bind_conv2d_xnor_mve(const BindContext& context) {
  return bind_xnor(context, {.name = "conv2d_xnor_mve", .lanes = 4, .repeat = 4});
}

BindResult bind_conv2d_xnor_avx2(const BindContext& context) {
  return bind_xnor(context, {.name = "conv2d_xnor_avx2", .lanes = 8, .columns = 8192});
}

BindResult bind_conv2d_xnor_avx512(const BindContext& context) {
  return bind_xnor(context, {.name = "conv2d_xnor_avx512", .lanes = 16, .triples = false, .columns = 8192});
}

BindResult bind_conv2d_xnor_neon(const BindContext& context) {
  return bind_xnor(context, {.name = "conv2d_xnor_neon", .lanes = 16, .triples = false, .columns = 8192});
}

}  // namespace mote
