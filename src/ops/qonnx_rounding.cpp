#include "ops/qonnx_rounding.h"

#include <algorithm>
#include <cmath>

namespace mote {

namespace {

float half_even(float x) { return std::nearbyint(x); }
float toward_zero(float x) { return std::trunc(x); }
float away_from_zero(float x) { return x < 0 ? std::floor(x) : std::ceil(x); }
float half_up(float x) {
  const float below = std::trunc(x);
  return std::abs(x - below) >= 0.5F ? below + std::copysign(1.0F, x) : below;
}
float half_down(float x) {
  const float below = std::trunc(x);
  return std::abs(x - below) > 0.5F ? below + std::copysign(1.0F, x) : below;
}

}  // namespace

std::span<const QonnxRounding> qonnx_roundings() {
  static constexpr QonnxRounding kRoundings[] = {{"ROUND", 0, half_even},
                                                 {"HALF_EVEN", 0, half_even},
                                                 {"ROUND_TO_ZERO", 1, toward_zero},
                                                 {"CEIL", 2, [](float x) { return std::ceil(x); }},
                                                 {"FLOOR", 3, [](float x) { return std::floor(x); }},
                                                 {"UP", 4, away_from_zero},
                                                 {"DOWN", 1, toward_zero},
                                                 {"HALF_UP", 5, half_up},
                                                 {"HALF_DOWN", 6, half_down}};
  return kRoundings;
}

const QonnxRounding* find_qonnx_rounding(std::string_view name) {
  const auto rows = qonnx_roundings();
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace mote
