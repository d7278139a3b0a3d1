#include "ops/binary_law.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace mote {

namespace {

// round(da * out / db), halves away from zero, exact: nested floor divisions (equation 20).
std::int64_t quotient(std::int64_t da, std::int64_t db, Multiplier m, std::int64_t limit) {
  if (da == 0 || m.value == 0) return 0;
  const bool negative = (da < 0) != (db < 0);
  if (db == 0) return da < 0 ? -limit : limit;
  const std::int64_t divisor = std::abs(db);
  const int exponent = 31 - m.shift;
  const std::int64_t twice = (std::abs(da) * m.value) >> (exponent - 1);
  const std::int64_t magnitude = std::min((twice + divisor) / (2 * divisor), limit);
  return negative ? -magnitude : magnitude;
}

}  // namespace

std::int32_t BinaryLaw::operator()(std::int32_t qa, std::int32_t qb) const {
  const std::int32_t da = qa - a_zero;
  const std::int32_t db = qb - b_zero;
  std::int64_t value = 0;
  switch (kind) {
    case Kind::Sum: {
      const std::int32_t x = multiply_by_multiplier(da * (1 << left_shift), a);
      const std::int32_t y = multiply_by_multiplier(db * (1 << left_shift), b);
      value = multiply_by_multiplier(subtract ? x - y : x + y, out);
      break;
    }
    case Kind::Product: value = multiply_by_multiplier(da * db, out); break;
    case Kind::Quotient: value = quotient(da, db, out, std::int64_t{1} << 18); break;
    case Kind::Minimum: value = std::min(multiply_by_multiplier(da, a), multiply_by_multiplier(db, b)); break;
    case Kind::Maximum: value = std::max(multiply_by_multiplier(da, a), multiply_by_multiplier(db, b)); break;
    case Kind::PRelu:
      value = da >= 0 ? multiply_by_multiplier(da, a) : multiply_by_multiplier(da * db, b);
      break;
  }
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value + out_zero, range.min, range.max));
}

BinaryLaw binary_law(std::string_view function, const Encoding& a, const Encoding& b, const Encoding& output,
                     Clamp clamp) {
  const double sa = a.scale();
  const double sb = b.scale();
  const double so = output.scale();
  BinaryLaw law;
  law.a_zero = a.zero_point();
  law.b_zero = b.zero_point();
  law.out_zero = output.zero_point();
  law.range = clamp_range(clamp, output);
  if (function == "Add" || function == "Sub") {
    law.left_shift = output.bits() == 16 ? 15 : 20;
    law.subtract = function == "Sub";
    const double twice_larger = 2 * std::max(sa, sb);
    law.a = quantize_multiplier(sa / twice_larger);
    law.b = quantize_multiplier(sb / twice_larger);
    law.out = quantize_multiplier(twice_larger / ((1 << law.left_shift) * so));
    if (output.is_bipolar()) {
      law.out = kSignMultiplier;
      law.out_zero = kSignZeroPoint;
      law.range = {-1, 1};
    }
  } else if (function == "Mul") {
    law.kind = BinaryLaw::Kind::Product;
    law.out = quantize_multiplier(sa * sb / so);
  } else if (function == "Div") {
    law.kind = BinaryLaw::Kind::Quotient;
    law.out = quantize_multiplier(sa / (sb * so));
  } else if (function == "PRelu") {
    law.kind = BinaryLaw::Kind::PRelu;
    law.a = quantize_multiplier(sa / so);
    law.b = quantize_multiplier(sa * sb / so);
  } else {
    MOTE_CHECK(function == "Minimum" || function == "Maximum", std::string(function));
    law.kind = function == "Minimum" ? BinaryLaw::Kind::Minimum : BinaryLaw::Kind::Maximum;
    law.a = quantize_multiplier(sa / so);
    law.b = quantize_multiplier(sb / so);
  }
  return law;
}

}  // namespace mote
