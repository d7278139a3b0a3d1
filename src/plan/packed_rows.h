// Kernels of bytes on packed operands: their rows are unpacked into strips in the scratch and packed from
// there (kernels/c/packed_rows.h), as many at a time as windows need.
#pragma once

#include "plan/kernel.h"

namespace mote {

// The bound call of a row that knows nothing of packed operands, as a call that runs it on strips. Refuses
// where the kernel cannot compute ranges of rows and its tensors are too large to stand in the scratch whole.
BindResult run_on_strips(const BindContext& context, Bound bound);

}  // namespace mote
