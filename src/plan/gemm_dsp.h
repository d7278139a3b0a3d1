// Layers as matrix products for Arm cores with the DSP extension: which function of kernels/c/gemm_dsp.S runs
// them, their packed weights and their output constants.
#pragma once

#include <vector>

#include "plan/low_bits.h"
#include "plan/packed_filters.h"

namespace mote {

// Weights, counted from their zero points, are signed bytes.
bool fits_bytes(const Filters& f);

// Why the weights cannot share 16-bit lanes, two channels in each; empty: they can. Inputs reach from
// -128 to 127, or to 255 where they are read as unsigned.
std::string lane_problem(const Filters& f, const Encoding& x);

// The word for two inputs of channels `channel` and `channel` + 1; an input beyond the filter has weight 0.
std::int32_t lane_word(const Filters& f, std::int64_t channel, std::int64_t first, std::int64_t second);

// The inputs of a word, in the order in which widening gives them: of each four the pairs (0, 2) and (1, 3).
struct LanePair {
  std::int64_t first, second;
};
std::vector<LanePair> widened_order(std::int64_t elements);

// The instruction that saturates to a range, ssat or usat; nothing where none does.
struct Saturation {
  bool is_signed = true;
  int bits = 8;
};
std::optional<Saturation> saturation_of(const IntegerRange& range);

// How the outputs follow from the sums of one layer; forms as in kernels/c/output_dsp.S.
struct GemmOutput {
  enum Form {
    kSigned = 0,
    kRelu = 1,
    kFitted = 2,
    kSums = 3,
    kSignedCommon = 4,
    kReluCommon = 5
  } form = kSums;
  int shift = 0;  // kFitted
  Saturation saturation;
  std::vector<std::int32_t>
      common;  // kSignedCommon and kReluCommon: words that stand before those of the channels
  std::vector<std::vector<std::int32_t>> channels;

  // Words of `count` channels (rounded up), of each two the second first.
  std::vector<std::int32_t> constants(std::int64_t count) const;
  std::int64_t channel_words() const {
    return channels.empty() ? 0 : static_cast<std::int64_t>(channels[0].size());
  }
  std::string note() const;       // for Bound
  std::string suffix() const;     // of the symbols of functions with this stage
  std::string arguments() const;  // form, shift, sat, bits
};

// What the functions of a layer can do besides.
struct GemmOutputChoice {
  bool fitted = false;  // a function for each shift: otherwise layers share their function
  bool common = false;
};
GemmOutput gemm_output(const BindContext& context, const Convolution& c, const Filters& f,
                       GemmOutputChoice choice);

// Adds the members of mote_gemm_stage under the name `stage`, and the assembly. `order` is that of x in the
// scratch. Returns the bytes of scratch for four windows and for the output stage.
std::int64_t add_gemm(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
                      const std::vector<LanePair>& order, const GemmOutput& output);

// The same for fully_connected_dsp.S; the function reads inputs that were widened, or bytes in eights. Sets
// the scratch: of the widened row, and of outputs that cannot be written in place.
void add_fully_connected(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
                         const GemmOutput& output, bool widened);

// The weights of all channels in the order of the words' bytes, a(first) b(first) a(second) b(second), for
// tiles of few bits: of add_gemm, with `words` words for each two channels, and of add_fully_connected. What
// is beyond the last channel repeats it.
std::vector<std::int32_t> lane_values(const Filters& f, const std::vector<LanePair>& order,
                                      std::int64_t words);
std::vector<std::int32_t> connected_lane_values(const Filters& f, std::int64_t elements);

// Replaces the weights of the call by tiles of few bits that FUNCTION_low expands in front of the scratch.
// `values` are those of channels in units of `unit`. Returns why it cannot be; else the note is extended.
std::string make_low_bits(KernelCall& call, const BindContext& context, const Convolution& c,
                          const GemmOutput& output, const std::vector<std::int32_t>& values,
                          std::int64_t unit, std::string& note);

// A parameter of the call that is a number.
std::int64_t number_of(const KernelCall& call, std::string_view name);

// The form of fully_connected_dsp.S for weights of 4 bits, four channels in a lane, as parameters of
// fully_connected_s4_dsp; false, and nothing done, where the weights have another form or their sums do not
// fit.
bool add_connected_fours(KernelCall& call, const BindContext& context, const Convolution& c, const Filters& f,
                         const GemmOutput& output);

// The function that widens four pixels, as the member `widen`.
void add_widen4(KernelCall& call, const Encoding& x);

}  // namespace mote
