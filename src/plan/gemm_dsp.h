// Layers as matrix products for Arm cores with the DSP extension: which function of kernels/c/gemm_dsp.S runs
// them, their packed weights and their output constants.
#pragma once

#include <vector>

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
  int shift = 0;          // kFitted
  bool is_signed = true;  // of the saturation
  int bits = 8;           // of the saturation
  std::vector<std::int32_t>
      common;  // kSignedCommon and kReluCommon: words that stand before those of the channels
  std::vector<std::vector<std::int32_t>> channels;

  // Words of `count` channels (rounded up), of each two the second first.
  std::vector<std::int32_t> constants(std::int64_t count) const;
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

// The function that widens four pixels, as the member `widen`.
void add_widen4(KernelCall& call, const Encoding& x);

}  // namespace mote
