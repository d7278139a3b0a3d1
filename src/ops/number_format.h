// Small floating-point formats, as values that a float32 can carry: rounding to them.
#pragma once

#include <optional>
#include <string_view>

namespace mote {

// Significant numbers are m * 2^e with `mantissa_bits` bits after the leading one; below min_exponent they
// are subnormal. f16, bf16: IEEE 754 and its truncation; the 8-bit ones: Micikevicius et al. 2022
// (arXiv:2209.05433) and, for "fnuz", Noune et al. 2022 (arXiv:2206.02915), as ONNX names them; f4e2m1: OCP
// Microscaling Formats, version 1.0.
struct NumberFormat {
  std::string_view name;
  int mantissa_bits;
  int min_exponent;   // of the smallest normal number
  double largest;     // greatest finite value
  bool has_infinity;  // where too large values go without saturation; else NaN
  bool has_negative_zero;
  enum class Saturation { Never, OnRequest, Always } saturation;

  bool saturates(bool requested) const {
    return saturation == Saturation::Always || (saturation == Saturation::OnRequest && requested);
  }
};

// nullptr where the name is none of f16, bf16, f8e4m3fn, f8e4m3fnuz, f8e5m2, f8e5m2fnuz, f4e2m1.
const NumberFormat* find_number_format(std::string_view name);

// x rounded to the format, halves to even. With `saturate` (8-bit formats; always for f4e2m1) too large and
// infinite values become the greatest finite one; without, they become infinity or NaN.
// NaN stays, but in f4e2m1, which has none, it is 0.
double round_to(const NumberFormat& format, double x, bool saturate);

}  // namespace mote
