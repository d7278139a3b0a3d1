// The rounding modes of QONNX's Quant and Trunc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mote {

struct QonnxRounding {
  std::string_view name;  // ROUND and HALF_EVEN (halves to even), ROUND_TO_ZERO, CEIL, ...
  std::int64_t kind;      // as kernels/c/quant_f32.h numbers them
  float (*apply)(float);
};

std::span<const QonnxRounding> qonnx_roundings();
const QonnxRounding* find_qonnx_rounding(std::string_view name);  // nullptr: there is none of that name

}  // namespace mote
