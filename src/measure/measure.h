// An artifact in, its figures out: on the host timed, in QEMU counted.
#pragma once

#include "measure/device.h"
#include "measure/measurement.h"

namespace mote {

// Runs one inference on `sample` and sizes the artifact. Throws UserError as run_on_device does, and where
// the firmware, the arena or the measured stack exceed the board of the target.
Measurement measure(const Artifact& artifact, const Target& target, const Sample& sample,
                    const RunLimits& limits = {});

}  // namespace mote
