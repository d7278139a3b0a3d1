// What the bind functions of elementwise operators share.
#pragma once

#include "ops/binary_law.h"
#include "ops/elementwise.h"
#include "ops/unary_law.h"
#include "plan/bind_movement.h"

namespace mote {

Parameter integer(std::string name, std::int64_t value);
// Members extents, a_steps and b_steps of mote_broadcast under `prefix`; false when it takes more than 6
// axes.
bool add_broadcast(std::vector<Parameter>& params, const std::string& prefix,
                   const elementwise::Broadcast& plan);
// PREFIX_multiplier and PREFIX_shift.
void add_multiplier(std::vector<Parameter>& params, const std::string& prefix, Multiplier m);
// low and high, bounds of y - zero_point.
void add_range(std::vector<Parameter>& params, IntegerRange range, std::int32_t zero_point);

// Kernels read bytes unsigned: signed ones with the top bit flipped, and both count from the least one.
std::int64_t byte_flip_from_least(const Encoding& encoding);
std::int64_t byte_zero_from_least(const Encoding& encoding);

// The call with its inputs cut to the first `count`, and the inputs that the output may replace: those of its
// own shape and element size.
Bound elementwise_call(const BindContext& context, std::string function, std::string params_type,
                       std::vector<Parameter> params, std::size_t count);

// The kernel of a tabulated, interpolated or piecewise linear function from input 0 to the output.
Bound unary_law_call(const BindContext& context, const UnaryLaw& law);

// Quantized Binary functions with broadcasting.
BindResult bind_binary_integer(const BindContext& context);

// Add and Sub of signed bytes in one linear form.
BindResult bind_add_s8(const BindContext& context);

}  // namespace mote
