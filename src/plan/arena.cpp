#include "plan/arena.h"

#include <algorithm>
#include <set>

#include "plan/placement.h"

namespace mote {

namespace {

class ArenaPlanner {
 public:
  ArenaPlanner(const Program& program, const Partition& partition)
      : program_(program), partition_(partition) {
    lives_.resize(program.buffers.size());
    arena_.slots.assign(program.buffers.size(), 0);
    arena_.offsets.assign(program.buffers.size(), 0);
    arena_.live_bytes.assign(program.steps.size(), 0);
    for (std::size_t b = 0; b < program.buffers.size(); ++b)
      lives_[b].resize(static_cast<std::size_t>(program.buffers[b].items()));
  }

  Arena run(int effort) {
    for (std::size_t g = 0; g + 1 < partition_.cuts.size(); ++g) add_group(g);
    close_lives();
    std::vector<std::size_t> block_of(program_.buffers.size(), 0);
    for (std::size_t b = 0; b < program_.buffers.size(); ++b) {
      block_of[b] = blocks_.size();
      blocks_.push_back(block(b));
    }
    const std::size_t scratch = blocks_.size();
    for (const Item& item : scratch_) blocks_.push_back({item.bytes, {item}});
    if (arena_.feed_state_bytes > 0)
      blocks_.push_back({arena_.feed_state_bytes, {{0, arena_.feed_state_bytes, 0, feed_end_}}});
    arena_.lower_bound_bytes = largest_live_set(blocks_);
    const Placement placement =
        place_blocks(blocks_, in_place_, kArenaAlignment, arena_.lower_bound_bytes, effort);
    for (std::size_t b = 0; b < program_.buffers.size(); ++b)
      arena_.offsets[b] = placement.offsets[block_of[b]];
    for (std::size_t g = 0; g < scratch_.size(); ++g)
      arena_.scratch_offsets.push_back(placement.offsets[scratch + g]);
    if (arena_.feed_state_bytes > 0) arena_.feed_state_offset = placement.offsets.back();
    arena_.bytes = placement.arena_bytes;
    return std::move(arena_);
  }

 private:
  void add_group(std::size_t g) {
    GroupRun run = simulate_group(program_, partition_.cuts[g], partition_.cuts[g + 1]);
    const int ticks = std::max<int>(static_cast<int>(run.calls.size()), 1);
    for (const BufferLife& life : run.buffers) {
      auto& all = lives_[life.buffer];
      if (life.slots > 0) {
        arena_.slots[life.buffer] = life.slots;
        all.assign(life.items.size(), Life{});
      }
      for (std::size_t i = 0; i < life.items.size(); ++i) {
        if (life.items[i].birth > life.items[i].death) continue;
        all[i].birth = std::min(all[i].birth, clock_ + life.items[i].birth);
        all[i].death = std::max(all[i].death, clock_ + life.items[i].death);
      }
    }
    if (run.end - run.begin == 1) note_in_place(run.begin);
    note_live_bytes(run);
    scratch_.push_back({0, run.scratch_bytes, clock_, clock_ + ticks - 1});
    arena_.calls.push_back(std::move(run.calls));
    clock_ += ticks;
    if (g == 0 && program_.fed_buffer) {
      std::set<std::int32_t> members;
      for (const RowCall& call : arena_.calls[0]) members.insert(call.step);
      arena_.feed_state_bytes = kFeedStateBytes * static_cast<std::int64_t>(members.size() + 1);
      feed_end_ = clock_ - 1;
    }
  }

  void note_in_place(std::size_t s) {
    const StepUse& step = program_.steps[s];
    for (const std::uint32_t in : step.in_place) {
      const std::uint32_t out = step.writes.at(0).buffer;
      if (stands_in_place(program_, s, in, out)) in_place_.push_back({in, out});
    }
  }

  void note_live_bytes(const GroupRun& run) {
    std::vector<std::int64_t> by_tick;
    peak_bytes(program_, run, &by_tick);
    for (std::size_t t = 0; t < by_tick.size(); ++t) {
      const std::size_t s = run.calls.empty() || run.calls[t].step < 0
                                ? run.begin
                                : static_cast<std::size_t>(run.calls[t].step);
      arena_.live_bytes[s] = std::max(arena_.live_bytes[s], by_tick[t]);
    }
  }

  // Inputs stand before the first tick, outputs until after the last.
  void close_lives() {
    for (std::size_t b = 0; b < lives_.size(); ++b)
      for (Life& life : lives_[b]) {
        if (program_.buffers[b].from_start) life.birth = 0;
        if (program_.buffers[b].to_end) life.death = clock_;
        if (program_.buffers[b].from_start) life.death = std::max(life.death, 0);
        if (program_.buffers[b].to_end) life.birth = std::min(life.birth, clock_);
      }
  }

  // Neighbouring items of one life are one.
  Block block(std::size_t b) const {
    const BufferUse& use = program_.buffers[b];
    const auto count = static_cast<std::int64_t>(lives_[b].size());
    Block result{arena_.slots[b] > 0 ? count * use.item_bytes : use.bytes, {}};
    for (std::int64_t i = 0; i < count; ++i) {
      const Life& life = lives_[b][static_cast<std::size_t>(i)];
      if (life.birth > life.death) continue;
      const std::int64_t offset = i * use.item_bytes;
      const std::int64_t bytes = std::min(use.item_bytes, result.bytes - offset);
      auto& items = result.items;
      if (!items.empty() && items.back().first == life.birth && items.back().last == life.death &&
          items.back().offset + items.back().bytes == offset)
        items.back().bytes += bytes;
      else
        items.push_back({offset, bytes, life.birth, life.death});
    }
    return result;
  }

  const Program& program_;
  const Partition& partition_;
  Arena arena_;
  int clock_ = 1;
  int feed_end_ = 0;
  std::vector<std::vector<Life>> lives_;  // by buffer
  std::vector<Item> scratch_;             // by group
  std::vector<InPlace> in_place_;         // block b is buffer b
  std::vector<Block> blocks_;
};

}  // namespace

Arena place_arena(const Program& program, const Partition& partition, int effort) {
  return ArenaPlanner(program, partition).run(effort);
}

}  // namespace mote
