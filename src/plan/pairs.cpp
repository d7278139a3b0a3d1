#include "plan/pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace mote {

namespace {

std::int64_t loop_cost(const Loop& loop, const LoopCosts& costs, std::int64_t elements) {
  const std::int64_t runs = (loop.taps + loop.run - 1) / loop.run;
  return loop.passes(elements) * (costs.tap * loop.taps + costs.run * runs + costs.pass);
}

class LoopChooser {
 public:
  LoopChooser(const Filters& f, InputBounds x, std::span<const Loop> loops, const LoopCosts& costs)
      : loops_(loops) {
    for (std::int64_t o = 0; o < f.channels; ++o) {
      std::vector<std::int64_t>& row = costs_.emplace_back();
      for (const Loop& loop : loops)
        row.push_back(run_fits(f, o, loop.run, x) ? loop_cost(loop, costs, f.elements) : kNever);
    }
  }

  // Nothing where a channel has no loop.
  std::optional<LoopChoice> best(std::size_t at_most) const {
    LoopChoice best;
    std::vector<std::size_t> set;
    extend(set, 0, at_most, best);
    if (best.loops.empty()) return std::nullopt;
    return best;
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kLoopCost = 24;  // of one more for each four pixels, in halves

  void extend(std::vector<std::size_t>& set, std::size_t from, std::size_t at_most, LoopChoice& best) const {
    if (!set.empty()) take(set, best);
    if (set.size() == at_most) return;
    for (std::size_t i = from; i < loops_.size(); ++i) {
      set.push_back(i);
      extend(set, i + 1, at_most, best);
      set.pop_back();
    }
  }

  void take(const std::vector<std::size_t>& set, LoopChoice& best) const {
    LoopChoice choice;
    choice.cost = static_cast<std::int64_t>(set.size()) * kLoopCost;
    for (const auto& row : costs_) {
      std::size_t least = 0;
      for (std::size_t i = 1; i < set.size(); ++i)
        if (row[set[i]] < row[set[least]]) least = i;
      if (row[set[least]] == kNever) return;
      choice.cost += row[set[least]];
      choice.of_channel.push_back(least);
    }
    if (choice.cost >= best.cost) return;
    for (const std::size_t i : set) choice.loops.push_back(loops_[i]);
    best = std::move(choice);
  }

  std::span<const Loop> loops_;
  std::vector<std::vector<std::int64_t>> costs_;  // [channel][loop]
};

}  // namespace

InputBounds input_bounds(const Encoding& x) { return {x.min() - byte_flip(x), x.max() - byte_flip(x)}; }

bool fits_16_bits(std::int64_t low, std::int64_t high) {
  return low >= std::numeric_limits<std::int16_t>::min() && high <= std::numeric_limits<std::int16_t>::max();
}

bool run_fits(const Filters& f, std::int64_t channel, std::int64_t run, InputBounds x) {
  for (std::int64_t k = 0; k < f.elements; k += run) {
    std::int64_t low = 0, high = 0;
    for (std::int64_t i = k; i < k + run; ++i) {
      const std::int64_t w = f.at(channel, i);
      low += w * (w > 0 ? x.low : x.high);
      high += w * (w > 0 ? x.high : x.low);
    }
    if (!fits_16_bits(low, high)) return false;
  }
  return true;
}

LoopCosts loop_costs(ScalarIsa isa) {
  switch (isa) {
    case ScalarIsa::kArmv7m: return {7, 8, 8};
    case ScalarIsa::kArmv6m: return {13, 8, 5};
    case ScalarIsa::kRv32m: return {12, 12, 4};
    case ScalarIsa::kPortable: break;
  }
  return {14, 12, 8};
}

std::optional<LoopChoice> choose_loops(const Filters& f, InputBounds x, std::span<const Loop> loops,
                                       const LoopCosts& costs, std::size_t at_most) {
  return LoopChooser(f, x, loops, costs).best(at_most);
}

PairsOutput pairs_output(const BindContext& context, const Convolution& c, const Filters& f) {
  PairsOutput outputs;
  OutputConstants constants = output_constants(c, true);
  outputs.quick = f.largest_sum < (std::int64_t{1} << (context.target.has("armv6m") ? 24 : 30));
  for (std::size_t o = 0; o < constants.shifts.size(); ++o) {
    if (constants.multipliers[o] == 0) constants.shifts[o] = -1;
    if (constants.shifts[o] > -1 || constants.shifts[o] < -22) outputs.quick = false;
  }
  outputs.relu = c.stage.zero_point == c.stage.range.min;
  if (c.stage.range.min == -128 && c.stage.range.max == 127) outputs.saturation = "ssat";
  if (c.stage.range.min == 0 && c.stage.range.max == 255) outputs.saturation = "usat";
  for (std::size_t o = 0; o < constants.shifts.size(); ++o) {
    const auto place = static_cast<std::int32_t>(o << 8);
    const std::int32_t shift = constants.shifts[o], multiplier = constants.multipliers[o];
    if (outputs.quick) {
      const std::int64_t round =
          (std::int64_t{1} << (-shift - 1)) + c.stage.zero_point * (std::int64_t{1} << -shift);
      outputs.entries.push_back({static_cast<std::int32_t>(static_cast<std::uint32_t>(f.bias[o]) << 1),
                                 multiplier, static_cast<std::int32_t>(round), place - shift});
    } else {
      outputs.entries.push_back({f.bias[o], multiplier, shift, place});
    }
  }
  return outputs;
}

void add_pairs_output(std::vector<Parameter>& params, const Convolution& c, const PairsOutput& output) {
  params.push_back({"output.quick", output.quick ? 1 : 0});
  params.push_back({"output.relu", output.relu ? 1 : 0});
  params.push_back({"output.zero", std::int64_t{c.stage.zero_point}});
  params.push_back({"output.low", std::int64_t{c.stage.range.min}});
  params.push_back({"output.high", std::int64_t{c.stage.range.max}});
}

void add_pairs_kernel(KernelCall& call, const std::string& member, const char* c_type, const char* file,
                      const char* macro, const std::string& name, const std::string& arguments,
                      const PairsOutput& output) {
  const bool stage = output.in_assembly();
  const std::string sat = stage ? output.saturation : "ssat";
  const std::string symbol = name + (!stage ? "_sums" : output.relu ? "_relu_" + sat : "_" + sat);
  call.assembly.push_back({file, macro, symbol,
                           fmt::format("{}, {}, {}", arguments,
                                       !stage        ? 2
                                       : output.relu ? 1
                                                     : 0,
                                       sat)});
  call.params.push_back({member, Symbol{symbol, c_type}});
}

}  // namespace mote
