// Steps as the memory planner sees them: which rows of which buffers each block of a step's output rows reads
// and writes; and one way to run a range of them, simulated call by call.
#pragma once

#include "plan/plan.h"
#include "plan/rows.h"
#include "plan/storage.h"

namespace mote {

struct Access {
  std::uint32_t buffer = 0;
  std::int64_t offset = 0;  // of the value in the buffer
  std::int64_t rows = 0, row_bytes = 0;
  std::vector<RowRange> blocks;        // rows that each block of the step touches
  std::vector<std::int64_t> complete;  // of an output: rows that are there after each block
};

struct StepUse {
  bool runs = false;       // false: the output stands where the input does
  bool by_rows = false;    // it can run a range of rows
  std::int64_t rows = 1;   // that its ranges are of: those of the output, or of the input
  std::int64_t block = 1;  // rows of a block
  std::int64_t scratch_bytes = 0;
  std::vector<Access> reads, writes;
  std::optional<std::uint32_t> state;   // buffer of sums that live from the first row to the last
  std::vector<std::uint32_t> in_place;  // whole input buffers that the output may stand exactly on

  std::int64_t blocks() const { return by_rows ? (rows + block - 1) / block : 1; }
};

// A buffer is followed item by item; items are rows where kernels compute rows of it, or else all of it.
struct BufferUse {
  std::int64_t bytes = 0;
  std::int64_t item_bytes = 0;
  bool is_rows = false;     // every access has rows of item_bytes from offset 0: it may become a ring
  bool from_start = false;  // filled before the first step
  bool to_end = false;
  int first_step = -1, last_step = -1;  // that touch it; -1: none

  std::int64_t items() const { return bytes == 0 ? 0 : (bytes + item_bytes - 1) / item_bytes; }
};

struct Program {
  std::vector<StepUse> steps;
  std::vector<BufferUse> buffers;
  // The buffer that arrives row by row, if the input is streamed, and the rows of one arrival.
  std::optional<std::uint32_t> fed_buffer;
  std::int64_t fed_rows = 0;
};

Program describe_program(const Graph& graph, const std::vector<Step>& steps, const Buffers& buffers,
                         bool stream_input);

// Ticks of the first and the last use of an item; birth > death: there is none.
struct Life {
  int birth = 1 << 29;
  int death = -1;
};

struct BufferLife {
  std::uint32_t buffer = 0;
  std::int64_t slots = 0;                      // of a ring; 0: it stands whole
  bool from_before = false, to_after = false;  // other groups, inputs or outputs have it too
  std::vector<Life> items;                     // by slot, or by item of the whole: touched by the group
};

// Steps [begin, end) run one after the other (one step), or row by row. A tick is a call.
struct GroupRun {
  std::size_t begin = 0, end = 0;
  std::vector<RowCall> calls;
  std::vector<BufferLife> buffers;  // those that the steps touch
  std::int64_t scratch_bytes = 0;
  bool possible = true;
  // Calls when neighbours of one step are joined.
  std::size_t joined_calls = 0;
};

// Row by row the deepest step that has its input rows runs its next block: every row is consumed as early as
// it can be. A buffer that only the group touches becomes a ring of as few rows as ever live together.
GroupRun simulate_group(const Program& program, std::size_t begin, std::size_t end);

// May the output buffer of a step that runs whole stand exactly on the input buffer `in`, as its kernel
// allows? The input must die in the step and the output be born in it.
bool stands_in_place(const Program& program, std::size_t step, std::uint32_t in, std::uint32_t out);

// Largest sum of bytes that live in a tick of the group, buffers that pass through included.
std::int64_t peak_bytes(const Program& program, const GroupRun& run,
                        std::vector<std::int64_t>* by_tick = nullptr);

}  // namespace mote
