// Calls that several threads share: each computes a part of the output rows.
#pragma once

#include "plan/kernel.h"

namespace mote {

inline constexpr int kMostThreads = 64;

// Splits the calls of a step into up to `threads` parts where their rows and their work allow it. A split
// call offers no ranges of rows any more: its parts run at the same time, so its output may stand on no rows
// of an input but those that the same part has read.
void share_among_threads(const BindContext& context, Bound& bound, int threads);

// Output rows of a part of the call, but for the last one's, which may be fewer.
std::int64_t rows_per_part(const KernelCall& call);

}  // namespace mote
