// What the bind functions of pooling, reductions and data movement share.
#pragma once

#include <array>
#include <string>

#include "ops/movement.h"
#include "plan/kernel.h"

namespace mote {

// "f32", "s8", "u16": what kernels that calculate are named by; an encoding of fewer bits has the name of its
// container.
std::string element_suffix(const Encoding& encoding);
// "f32", "8", "16", "32": what kernels that only move elements are named by.
std::string movement_suffix(const Encoding& encoding);

// Right-aligned in `axes` entries; missing outer axes get `filler`.
std::vector<std::int64_t> right_aligned(const std::vector<std::int64_t>& values, std::size_t axes,
                                        std::int64_t filler);

// One call of `function` from the node's run-time inputs to its first output.
Bound one_call(const BindContext& context, std::string function, std::string params_type,
               std::vector<Parameter> params);

// True when the output has no elements: there is nothing to call.
inline bool nothing_to_do(const BindContext& context) { return context.output().elements() == 0; }

}  // namespace mote
