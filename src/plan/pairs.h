// Layers for cores that multiply one pair of words at a time: two numbers share a word (kernels/c/pairs.h).
// How many products may be summed before they are told apart follows from the actual weights, channel by
// channel.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <span>

#include "plan/packed_filters.h"

namespace mote {

// Whose instructions the kernels are written in; portable ones in C.
enum class ScalarIsa { kPortable, kArmv7m, kArmv6m, kRv32m };

// Of the inputs as kernels read them.
struct InputBounds {
  std::int64_t low, high;
};
InputBounds input_bounds(const Encoding& x);

// A form of the inner loop: products between which the words are taken apart, taps of a pass.
struct Loop {
  std::int64_t run, taps;

  std::int64_t passes(std::int64_t elements) const { return (elements + taps - 1) / taps; }
};

bool fits_16_bits(std::int64_t low, std::int64_t high);

// Whether the sums of each `run` products of a channel fit 16 bits.
bool run_fits(const Filters& f, std::int64_t channel, std::int64_t run, InputBounds x);

// The loops that a layer uses, and the one of each channel.
struct LoopChoice {
  std::vector<Loop> loops;
  std::vector<std::size_t> of_channel;
  std::int64_t cost = std::numeric_limits<std::int64_t>::max();
};

// Half instructions for four pixels of a channel.
struct LoopCosts {
  std::int64_t tap, run, pass;
};
LoopCosts loop_costs(ScalarIsa isa);

// At most `at_most` of the loops, of least cost; nothing where a channel has none.
std::optional<LoopChoice> choose_loops(const Filters& f, InputBounds x, std::span<const Loop> loops,
                                       const LoopCosts& costs, std::size_t at_most);

constexpr std::size_t kMostLoops = 3;  // segments or kernels in the parameters of a layer

// The output stage: mote_pairs_output and four words for each channel.
struct PairsOutput {
  bool quick = true, relu = false;
  std::vector<std::array<std::int32_t, 4>> entries;
  std::string saturation;  // of Arm; empty where it is not that of a byte

  bool in_assembly() const { return quick && !saturation.empty(); }
};

PairsOutput pairs_output(const BindContext& context, const Convolution& c, const Filters& f);
void add_pairs_output(std::vector<Parameter>& params, const Convolution& c, const PairsOutput& output);

// Adds an instance of a macro of <file> as the member `member`, whose arguments are those given and the
// output stage; sums where that has no assembly.
void add_pairs_kernel(KernelCall& call, const std::string& member, const char* c_type, const char* file,
                      const char* macro, const std::string& name, const std::string& arguments,
                      const PairsOutput& output);

}  // namespace mote
