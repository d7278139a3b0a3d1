// Which values share memory, before anything is placed: another shape of the same bytes, a part of a Concat
// or Split, an output that takes over the memory of an input.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/kernel.h"

namespace mote {

struct Buffers {
  std::vector<std::uint32_t> of_value;       // buffer of each value, kNone for constants
  std::vector<std::int64_t> offset;          // of each value in its buffer, bytes
  std::vector<std::int64_t> bytes;           // by buffer; 0 for one whose values moved into another
  std::vector<std::int64_t> of_value_bytes;  // of each value as it stands in memory
  static constexpr std::uint32_t kNone = 0xffffffffU;

  bool holds(ValueId v) const { return v.valid() && of_value[v.index] != kNone; }
  std::int64_t bytes_of(ValueId v) const { return of_value_bytes[v.index]; }
};

// One buffer for each value that is not constant; an alias node's output shares its input's.
Buffers find_buffers(const Graph& graph, const Packing& packing = {});

struct Step;

// Parts of a Concat or Split along the outermost axis that has more than one entry are contiguous: they move
// into the buffer of the whole, and the copies leave the step's calls. `keep_inputs`: graph inputs stay
// buffers of their own.
void share_slices(const Graph& graph, std::vector<Step>& steps, Buffers& buffers, bool keep_inputs);

// The output of an elementwise step takes over an input of the same size that nothing reads afterwards.
void share_in_place(const Graph& graph, const std::vector<Step>& steps, Buffers& buffers, bool keep_inputs);

}  // namespace mote
