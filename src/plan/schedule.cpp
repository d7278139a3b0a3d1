#include "plan/schedule.h"

#include <algorithm>
#include <map>

namespace mote {

namespace {

constexpr std::int64_t kMostItems = 1024;  // rows of a buffer that are followed one by one

class ProgramWriter {
 public:
  ProgramWriter(const Graph& graph, const std::vector<Step>& steps, const Buffers& buffers)
      : graph_(graph), steps_(steps), buffers_(buffers) {}

  Program write(bool stream_input) {
    for (const std::int64_t bytes : buffers_.bytes) program_.buffers.push_back({bytes, bytes});
    finest_.assign(buffers_.bytes.size(), 0);
    for (std::size_t s = 0; s < steps_.size(); ++s) add_step(static_cast<int>(s));
    for (const ValueId v : graph_.inputs()) buffer(v).from_start = true;
    for (const ValueId v : graph_.outputs()) {
      buffer(v).to_end = true;
      if (graph_.constant(v)) buffer(v).from_start = true;
    }
    if (stream_input) feed(graph_.inputs()[0]);
    choose_items();
    return std::move(program_);
  }

 private:
  BufferUse& buffer(ValueId v) { return program_.buffers[buffers_.of_value[v.index]]; }

  // One call with ranges whose idea of the rows is that of the tensors.
  bool runs_by_rows(const Step& step) const {
    if (step.bound.calls.size() != 1 || !step.bound.calls[0].row_ranges) return false;
    const KernelCall& call = step.bound.calls[0];
    if (call.outputs.size() != 1) return false;
    if (row_slots(call, "x_slots") != row_count(graph_.type(call.inputs.at(0)))) return false;
    return call.input_rows || row_slots(call, "y_slots") == row_count(graph_.type(call.outputs[0]));
  }

  void add_step(int s) {
    const Step& step = steps_[static_cast<std::size_t>(s)];
    const Node& node = graph_.node(step.node);
    StepUse use;
    use.runs = step.kernel != nullptr;
    use.by_rows = use.runs && runs_by_rows(step);
    const bool input_rows = use.by_rows && step.bound.calls[0].input_rows;
    use.rows = use.by_rows ? range_rows(step.bound.calls[0]) : 1;
    use.block = use.by_rows && !input_rows ? step.bound.calls[0].row_block : 1;
    for (std::size_t i = 0; use.runs && i < node.inputs.size(); ++i)
      if (buffers_.holds(node.inputs[i])) use.reads.push_back(read(s, use, node.inputs[i], i, input_rows));
    for (const ValueId v : node.outputs)
      if (use.runs) use.writes.push_back(write(s, use, v, input_rows));
    if (input_rows)
      add_state(s, use, step.scratch_bytes);
    else
      use.scratch_bytes = step.scratch_bytes;
    for (const ValueId v : step.bound.in_place_inputs)
      if (use.runs && buffers_.holds(v) && node.outputs.size() == 1 &&
          buffers_.bytes[buffers_.of_value[v.index]] == buffers_.bytes_of(v) &&
          buffers_.offset[node.outputs[0].index] == 0)
        use.in_place.push_back(buffers_.of_value[v.index]);
    program_.steps.push_back(std::move(use));
  }

  Access access(int s, const StepUse& use, ValueId v) {
    const TensorType& type = graph_.type(v);
    Access a;
    a.buffer = buffers_.of_value[v.index];
    a.offset = buffers_.offset[v.index];
    a.rows = row_count(type);
    a.row_bytes = a.rows == 0 ? 0 : buffers_.bytes_of(v) / a.rows;
    BufferUse& b = program_.buffers[a.buffer];
    if (b.first_step < 0) b.first_step = s;
    b.last_step = s;
    if (use.by_rows && a.row_bytes > 0) finest_[a.buffer] = std::max(finest_[a.buffer], a.rows);
    return a;
  }

  static RowRange block_rows(const StepUse& use, std::int64_t b) {
    return {b * use.block, std::min((b + 1) * use.block, use.rows)};
  }

  Access read(int s, const StepUse& use, ValueId v, std::size_t input, bool input_rows) {
    Access a = access(s, use, v);
    const NodeId node = steps_[static_cast<std::size_t>(s)].node;
    for (std::int64_t b = 0; b < use.blocks(); ++b)
      a.blocks.push_back(!use.by_rows ? RowRange{0, a.rows}
                         : input_rows ? block_rows(use, b)
                                      : rows_needed(graph_, node, input, block_rows(use, b)));
    return a;
  }

  // A row that gathers sums of input rows has its place from the first of them.
  Access write(int s, const StepUse& use, ValueId v, bool input_rows) {
    Access a = access(s, use, v);
    for (std::int64_t b = 0; b < use.blocks(); ++b) {
      const std::int64_t done = input_rows ? (b + 1) * a.rows / use.rows : block_rows(use, b).end;
      a.blocks.push_back(!use.by_rows ? RowRange{0, a.rows}
                         : input_rows ? RowRange{b * a.rows / use.rows, b * a.rows / use.rows + 1}
                                      : block_rows(use, b));
      a.complete.push_back(use.by_rows ? done : a.rows);
    }
    return a;
  }

  void add_state(int s, StepUse& use, std::int64_t bytes) {
    use.state = static_cast<std::uint32_t>(program_.buffers.size());
    program_.buffers.push_back({.bytes = bytes, .item_bytes = bytes, .first_step = s, .last_step = s});
    finest_.push_back(0);
    Access a{*use.state, 0, 1, bytes, {}, {}};
    a.blocks.assign(static_cast<std::size_t>(use.blocks()), RowRange{0, 1});
    a.complete.assign(static_cast<std::size_t>(use.blocks()), 1);
    use.writes.push_back(std::move(a));
  }

  void feed(ValueId input) {
    const std::uint32_t b = buffers_.of_value[input.index];
    program_.fed_buffer = b;
    program_.fed_rows = row_count(graph_.type(input));
    program_.buffers[b].from_start = false;
    program_.buffers[b].first_step = 0;
    finest_[b] = std::max(finest_[b], program_.fed_rows);
  }

  // Items are the finest rows that a kernel computes; a ring needs every access to agree with them.
  void choose_items() {
    for (std::size_t b = 0; b < program_.buffers.size(); ++b) {
      BufferUse& use = program_.buffers[b];
      const std::int64_t rows = std::max<std::int64_t>(finest_[b], 1);
      const std::int64_t at_once = (rows + kMostItems - 1) / kMostItems;
      use.item_bytes = (use.bytes + rows - 1) / rows * at_once;
      use.is_rows = rows > 1 && at_once == 1 && use.bytes % rows == 0;
    }
    for (const StepUse& step : program_.steps)
      for (const auto* list : {&step.reads, &step.writes})
        for (const Access& a : *list) {
          BufferUse& use = program_.buffers[a.buffer];
          const bool gathers = step.state && list == &step.writes;
          if (!step.by_rows || gathers || a.offset != 0 || a.row_bytes != use.item_bytes ||
              a.rows != use.items())
            use.is_rows = false;
        }
    if (program_.fed_buffer) {
      BufferUse& use = program_.buffers[*program_.fed_buffer];
      if (use.items() != program_.fed_rows) use.is_rows = false;
    }
  }

  const Graph& graph_;
  const std::vector<Step>& steps_;
  const Buffers& buffers_;
  Program program_;
  std::vector<std::int64_t> finest_;  // by buffer: most rows that a kernel with ranges sees
};

}  // namespace

Program describe_program(const Graph& graph, const std::vector<Step>& steps, const Buffers& buffers,
                         bool stream_input) {
  return ProgramWriter(graph, steps, buffers).write(stream_input);
}

namespace {

class GroupSimulation {
 public:
  GroupSimulation(const Program& program, std::size_t begin, std::size_t end)
      : program_(program), next_(end - begin, 0) {
    run_.begin = begin;
    run_.end = end;
    for (std::size_t s = begin; s < end; ++s) {
      const StepUse& step = program.steps[s];
      if (step.runs && !step.by_rows && end - begin > 1) run_.possible = false;
      run_.scratch_bytes = std::max(run_.scratch_bytes, step.scratch_bytes);
      for (const auto* list : {&step.reads, &step.writes})
        for (const Access& a : *list) life_of(a.buffer);
      for (const Access& a : step.writes) writers_[a.buffer].push_back(s);
    }
    feeds_ = begin == 0 && program.fed_buffer.has_value();
    if (feeds_) life_of(*program.fed_buffer);
  }

  GroupRun run() {
    if (!run_.possible) return std::move(run_);
    while (run_deepest()) continue;
    for (std::size_t i = 0; i < next_.size(); ++i)
      MOTE_CHECK(!step(i).runs || next_[i] == step(i).blocks(), "a streamed group that cannot finish");
    for (BufferLife& life : run_.buffers) close(life);
    count_joined();
    return std::move(run_);
  }

 private:
  const StepUse& step(std::size_t i) const { return program_.steps[run_.begin + i]; }

  BufferLife& life_of(std::uint32_t buffer) {
    const auto [at, is_new] = index_.emplace(buffer, run_.buffers.size());
    if (is_new)
      run_.buffers.push_back(
          {.buffer = buffer,
           .slots = 0,
           .items = std::vector<Life>(static_cast<std::size_t>(program_.buffers[buffer].items()))});
    return run_.buffers[at->second];
  }

  // Have the group's writers of the buffer, and the feed, come far enough for these rows?
  bool available(const Access& a, RowRange rows, std::size_t reader) const {
    if (rows.empty()) return true;
    if (feeds_ && a.buffer == *program_.fed_buffer && fed_ * a.rows < rows.end * program_.fed_rows)
      return false;
    const auto writers = writers_.find(a.buffer);
    if (writers == writers_.end()) return true;
    for (const std::size_t w : writers->second) {
      const StepUse& writer = program_.steps[w];
      if (w >= reader) continue;
      for (const Access& out : writer.writes) {
        if (out.buffer != a.buffer) continue;
        const std::int64_t blocks = next_[w - run_.begin];
        const std::int64_t complete = blocks == 0 ? 0 : out.complete[static_cast<std::size_t>(blocks - 1)];
        const std::int64_t done = out.offset + complete * out.row_bytes;
        const std::int64_t end = out.offset + out.rows * out.row_bytes;
        const std::int64_t from = a.offset + rows.begin * a.row_bytes;
        const std::int64_t to = a.offset + rows.end * a.row_bytes;
        if (from < end && to > out.offset && std::min(to, end) > done) return false;
      }
    }
    return true;
  }

  // May the block of step i overwrite what earlier steps of the group still read in the same memory?
  bool overwritable(std::size_t i) const {
    for (const Access& out : step(i).writes) {
      const RowRange rows = out.blocks[static_cast<std::size_t>(next_[i])];
      const std::int64_t to = out.offset + rows.end * out.row_bytes;
      const std::int64_t from = out.offset + rows.begin * out.row_bytes;
      for (std::size_t r = 0; r < i; ++r) {
        if (!step(r).runs) continue;
        for (const Access& in : step(r).reads) {
          if (in.buffer != out.buffer) continue;
          for (std::int64_t b = next_[r]; b < step(r).blocks(); ++b) {
            const RowRange read = in.blocks[static_cast<std::size_t>(b)];
            if (!read.empty() && in.offset + read.begin * in.row_bytes < to &&
                in.offset + read.end * in.row_bytes > from)
              return false;
            if (in.offset + read.begin * in.row_bytes >= to) break;
          }
        }
      }
    }
    return true;
  }

  bool ready(std::size_t i) const {
    if (!step(i).runs || next_[i] >= step(i).blocks()) return false;
    for (const Access& a : step(i).reads)
      if (!available(a, a.blocks[static_cast<std::size_t>(next_[i])], run_.begin + i)) return false;
    return next_.size() == 1 || overwritable(i);
  }

  bool run_deepest() {
    for (std::size_t i = next_.size(); i-- > 0;) {
      if (!ready(i)) continue;
      const StepUse& s = step(i);
      const std::int64_t first = next_[i] * s.block;
      call({static_cast<std::int32_t>(run_.begin + i), first, std::min(s.block, s.rows - first)});
      for (const Access& a : s.reads) touch(a, static_cast<std::size_t>(next_[i]));
      for (const Access& a : s.writes) touch(a, static_cast<std::size_t>(next_[i]));
      ++next_[i];
      return true;
    }
    if (!feeds_ || fed_ == program_.fed_rows) return false;
    const BufferUse& b = program_.buffers[*program_.fed_buffer];
    call({RowCall::kFeed, fed_, 1});
    const std::int64_t row = b.bytes / program_.fed_rows;
    touch(*program_.fed_buffer, fed_ * row, (fed_ + 1) * row);
    ++fed_;
    return true;
  }

  void call(RowCall c) { run_.calls.push_back(c); }

  void touch(const Access& a, std::size_t block) {
    const RowRange rows = a.blocks[block];
    if (!rows.empty())
      touch(a.buffer, a.offset + rows.begin * a.row_bytes, a.offset + rows.end * a.row_bytes);
  }

  void touch(std::uint32_t buffer, std::int64_t from, std::int64_t to) {
    if (from >= to) return;
    const std::int64_t item = program_.buffers[buffer].item_bytes;
    const int tick = static_cast<int>(run_.calls.size()) - 1;
    BufferLife& life = life_of(buffer);
    for (std::int64_t i = from / item; i <= (to - 1) / item; ++i) {
      Life& l = life.items[static_cast<std::size_t>(i)];
      l.birth = std::min(l.birth, tick);
      l.death = std::max(l.death, tick);
    }
  }

  // What only the group touches becomes a ring.
  void close(BufferLife& life) const {
    const BufferUse& use = program_.buffers[life.buffer];
    const bool before = life.from_before = use.from_start || use.first_step < static_cast<int>(run_.begin);
    const bool after = life.to_after = use.to_end || use.last_step >= static_cast<int>(run_.end);
    if (before || after || !use.is_rows || (next_.size() == 1 && !feeds_)) return;
    const auto rows = static_cast<std::int64_t>(life.items.size());
    const std::int64_t slots = ring_slots(life.items);
    if (slots == rows) return;
    std::vector<Life> ring(static_cast<std::size_t>(slots));
    for (std::int64_t r = 0; r < rows; ++r) {
      Life& slot = ring[static_cast<std::size_t>(r % slots)];
      slot.birth = std::min(slot.birth, life.items[static_cast<std::size_t>(r)].birth);
      slot.death = std::max(slot.death, life.items[static_cast<std::size_t>(r)].death);
    }
    life.slots = slots;
    life.items = std::move(ring);
  }

  // Smallest n such that rows r and r + n never live together.
  static std::int64_t ring_slots(const std::vector<Life>& rows) {
    for (std::size_t n = 1; n < rows.size(); ++n) {
      bool fits = true;
      for (std::size_t r = 0; fits && r + n < rows.size(); ++r) fits = rows[r].death < rows[r + n].birth;
      if (fits) return static_cast<std::int64_t>(n);
    }
    return static_cast<std::int64_t>(rows.size());
  }

  void count_joined() {
    for (std::size_t i = 0; i < run_.calls.size(); ++i)
      if (i == 0 || run_.calls[i].step != run_.calls[i - 1].step) ++run_.joined_calls;
  }

  const Program& program_;
  GroupRun run_;
  std::vector<std::int64_t> next_;  // block of each step
  bool feeds_ = false;
  std::int64_t fed_ = 0;
  std::map<std::uint32_t, std::size_t> index_;
  std::map<std::uint32_t, std::vector<std::size_t>> writers_;
};

}  // namespace

GroupRun simulate_group(const Program& program, std::size_t begin, std::size_t end) {
  return GroupSimulation(program, begin, end).run();
}

bool stands_in_place(const Program& program, std::size_t step, std::uint32_t in, std::uint32_t out) {
  const BufferUse& x = program.buffers[in];
  const BufferUse& y = program.buffers[out];
  const int s = static_cast<int>(step);
  return in != out && !x.to_end && x.last_step == s && !y.from_start && y.first_step == s;
}

namespace {

// In place a whole output and the input that it stands on need the larger of both.
std::int64_t in_place_saving(const Program& program, const GroupRun& run) {
  std::int64_t saving = 0;
  if (run.end - run.begin != 1) return 0;
  const StepUse& step = program.steps[run.begin];
  for (const std::uint32_t in : step.in_place) {
    const std::uint32_t out = step.writes.at(0).buffer;
    if (stands_in_place(program, run.begin, in, out))
      saving = std::max(saving, std::min(program.buffers[in].bytes, program.buffers[out].bytes));
  }
  return saving;
}

}  // namespace

std::int64_t peak_bytes(const Program& program, const GroupRun& run, std::vector<std::int64_t>* by_tick) {
  const int ticks = std::max<int>(static_cast<int>(run.calls.size()), 1);
  std::vector<std::int64_t> change(static_cast<std::size_t>(ticks) + 1, 0);
  std::vector<bool> touched(program.buffers.size(), false);
  std::int64_t whole = run.scratch_bytes;  // everything that stands during the whole group
  std::int64_t all = run.scratch_bytes;
  for (const BufferLife& life : run.buffers) {
    const BufferUse& use = program.buffers[life.buffer];
    touched[life.buffer] = true;
    all += life.slots > 0 ? life.slots * use.item_bytes : use.bytes;
    for (std::size_t i = 0; i < life.items.size(); ++i) {
      const Life& l = life.items[i];
      const std::int64_t bytes =
          std::min(use.item_bytes, use.bytes - static_cast<std::int64_t>(i) * use.item_bytes);
      const int from = life.from_before ? 0 : l.birth;
      const int to = life.to_after ? ticks - 1 : l.death;
      if (from > to) continue;
      change[static_cast<std::size_t>(from)] += bytes;
      change[static_cast<std::size_t>(to) + 1] -= bytes;
    }
  }
  for (std::size_t b = 0; b < program.buffers.size(); ++b) {
    const BufferUse& use = program.buffers[b];
    const bool before =
        use.from_start || (use.first_step >= 0 && use.first_step < static_cast<int>(run.begin));
    const bool after = use.to_end || use.last_step >= static_cast<int>(run.end);
    if (!touched[b] && before && after) {
      whole += use.bytes;
      all += use.bytes;
    }
  }
  std::int64_t peak = 0;
  std::int64_t live = whole;
  for (int t = 0; t < ticks; ++t) {
    live += change[static_cast<std::size_t>(t)];
    if (by_tick) by_tick->push_back(live);
    peak = std::max(peak, live);
  }
  const std::int64_t saving = in_place_saving(program, run);
  return saving > 0 ? std::min(peak, all - saving) : peak;
}

}  // namespace mote
