// Named tensors to and from the form that a checkpoint holds. Internal to train/.
#pragma once

#include <string>
#include <vector>

#include "train/checkpoint.h"
#include "train/quantizer.h"

namespace mote::train {

// Copies, under names with `prefix` before them.
void append_saved(std::vector<SavedTensor>& saved, const std::string& prefix,
                  const std::vector<NamedTensor>& tensors);

// Copies into `tensors` what `saved` holds under the names. A missing one or another shape or element type is
// a UserError: the checkpoint is of another program.
void restore_saved(const std::vector<SavedTensor>& saved, const std::string& prefix,
                   const std::vector<NamedTensor>& tensors);

// Detached copies that share no memory, and back.
std::vector<NamedTensor> clone_all(const std::vector<NamedTensor>& tensors);
void copy_all(const std::vector<NamedTensor>& from, const std::vector<NamedTensor>& to);
// The values of both change places.
void swap_all(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b);

bool all_finite(const std::vector<NamedTensor>& tensors);

}  // namespace mote::train
