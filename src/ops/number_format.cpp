#include "ops/number_format.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace mote {

namespace {

using Saturation = NumberFormat::Saturation;

constexpr NumberFormat kFormats[] = {
    {"f16", 10, -14, 65504, true, true, Saturation::Never},
    {"bf16", 7, -126, 3.3895313892515355e38, true, true, Saturation::Never},
    {"f8e4m3fn", 3, -6, 448, false, true, Saturation::OnRequest},
    {"f8e4m3fnuz", 3, -7, 240, false, false, Saturation::OnRequest},
    {"f8e5m2", 2, -14, 57344, true, true, Saturation::OnRequest},
    {"f8e5m2fnuz", 2, -15, 57344, false, false, Saturation::OnRequest},
    {"f4e2m1", 1, 0, 6, false, true, Saturation::Always},
};

}  // namespace

const NumberFormat* find_number_format(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kFormats), std::end(kFormats), [&](const auto& f) { return f.name == name; });
  return found == std::end(kFormats) ? nullptr : found;
}

double round_to(const NumberFormat& format, double x, bool saturate) {
  if (std::isnan(x)) return format.saturation == Saturation::Always ? 0 : x;
  double rounded = x;
  if (std::isfinite(x)) {
    const int exponent = x == 0 ? format.min_exponent : std::max(std::ilogb(x), format.min_exponent);
    const double step = std::ldexp(1.0, exponent - format.mantissa_bits);
    rounded = std::nearbyint(x / step) * step;
  }
  if (std::abs(rounded) > format.largest) {
    if (format.saturates(saturate)) return std::copysign(format.largest, x);
    return format.has_infinity ? std::copysign(std::numeric_limits<double>::infinity(), x)
                               : std::numeric_limits<double>::quiet_NaN();
  }
  return rounded == 0 && !format.has_negative_zero ? 0.0 : rounded;
}

}  // namespace mote
