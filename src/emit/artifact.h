// What emission gives and measurement takes: NAME.h and NAME.c (and NAME.S, where a core has assembly
// kernels, and NAME_threads.c, where threads share layers) in a folder, and what they promise. The emitted
// code keeps these rules, with PREFIX the name in capitals:
//   PREFIX_ARENA_BYTES, PREFIX_ARENA_ALIGN     the arena that the caller provides
//   PREFIX_INPUT_0_OFFSET, PREFIX_INPUT_0_BYTES, PREFIX_OUTPUT_0_...   where the tensors stand in it
//   void NAME_run(void *arena)                 one inference, re-entrant with an arena each
//   void NAME_begin(void *arena), int NAME_push_row(void *arena, const void *row)
//                                              instead of it, where the input is streamed; 1: the outputs are
//                                              ready
//   NAME_step_0, NAME_step_1, ...              functions that are not inlined, one per step, called by
//   NAME_run NAME_w...                                  every constant array of weights, biases and tables
// Compiled with -DMOTE_TRACE it calls, after each step and for each of its outputs, whole or row by row,
//   extern void mote_trace(int step, int output, const void *data, unsigned long bytes, unsigned long offset,
//                          unsigned long total)
// with the place of the bytes in the output of `total` bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/target.h"

namespace mote {

struct StepInfo {
  std::string name;           // of the layer, as in the graph
  std::string operator_name;  // Conv2D, Add, ...
  std::uint64_t weights_bytes = 0;
};

// A tensor in the arena.
struct Port {
  std::string name;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct Artifact {
  std::string name;  // a C identifier: files NAME.h and NAME.c, prefix of every symbol
  std::filesystem::path folder;
  std::vector<StepInfo> steps;
  std::uint64_t arena_bytes = 0;
  std::uint64_t weights_bytes = 0;
  std::vector<Port> inputs, outputs;
  bool uses_math = false;       // includes <math.h>
  bool has_assembly = false;    // NAME.S belongs to it
  int threads = 1;              // more than 1: NAME_threads.c belongs to it, or the program's own threads
  bool has_features = false;    // NAME_features.c belongs to it: the audio front end
  std::uint64_t feed_rows = 0;  // not 0: the input comes in so many rows, through NAME_push_row
  std::string peak_step;        // the layer that needs the most of the arena; may be empty
  Optimize optimize = Optimize::kSpeed;
};

}  // namespace mote
