#include "ir/type.h"

#include <algorithm>
#include <bit>

#include "base/error.h"

namespace mote {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0)
      throw UserError({"a tensor has an impossible shape", "", "the extents are " + to_string(shape),
                       "give every axis a fixed, non-negative extent"});
    if (extent == 0) empty = true;
  }
  if (empty) return 0;
  for (const std::int64_t extent : shape) {
    if (extent > kMaxElements / count)
      throw UserError({"a tensor is too large", "",
                       "its shape is " + to_string(shape) + ", the limit is 2^31 elements",
                       "use a smaller network"});
    count *= extent;
  }
  return count;
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? "x" : "") + std::to_string(shape[i]);
  return text;
}

Encoding Encoding::integer(int bits, bool is_signed) {
  MOTE_CHECK((bits >= 1 && bits <= 8) || bits == 16 || bits == 32, std::to_string(bits));
  Encoding e;
  e.bits_ = bits;
  e.signed_ = is_signed;
  return e;
}

Encoding Encoding::affine(int bits, bool is_signed, float scale, std::int32_t zero_point) {
  return integer(bits, is_signed).with_quantization({-1, {scale}, {zero_point}});
}

Encoding Encoding::per_axis(int bits, bool is_signed, int axis, std::vector<float> scales,
                            std::vector<std::int32_t> zero_points) {
  MOTE_CHECK(axis >= 0 && scales.size() == zero_points.size() && !scales.empty());
  return integer(bits, is_signed).with_quantization({axis, std::move(scales), std::move(zero_points)});
}

Encoding Encoding::bipolar(float scale) { return affine(2, true, scale, 0).with_levels({-1, 1}); }

bool Encoding::are_levels(std::span<const std::int64_t> levels, int bits, bool is_signed) {
  if (bits < 1 || bits > 8 || levels.size() < 2 || levels.size() > kMaxLevels) return false;
  const Encoding range = integer(bits, is_signed);
  for (std::size_t i = 1; i < levels.size(); ++i)
    if (levels[i - 1] >= levels[i]) return false;
  return levels.front() >= range.min() && levels.back() <= range.max();
}

Encoding Encoding::with_levels(const std::vector<std::int64_t>& levels) const {
  MOTE_CHECK(are_levels(levels, bits_, signed_), to_string(*this));
  Encoding e = *this;
  e.levels_ = std::make_shared<const std::vector<std::int16_t>>(levels.begin(), levels.end());
  return e;
}

std::span<const std::int16_t> Encoding::levels() const {
  return levels_ ? std::span<const std::int16_t>(*levels_) : std::span<const std::int16_t>();
}

bool Encoding::allows(std::int64_t value) const {
  if (value < min() || value > max()) return false;
  return !levels_ || std::find(levels_->begin(), levels_->end(), value) != levels_->end();
}

bool Encoding::is_bipolar() const {
  const auto all = levels();
  const bool signs = bits_ == 2 && signed_ && all.size() == 2 && all[0] == -1 && all[1] == 1;
  return signs &&
         (!quantization_ || std::all_of(quantization_->zero_points.begin(), quantization_->zero_points.end(),
                                        [](std::int32_t zero) { return zero == 0; }));
}

int Encoding::stored_bits() const {
  return levels_ ? static_cast<int>(std::bit_width(levels_->size() - 1)) : bits();
}

Encoding Encoding::with_quantization(Quantization q) const {
  MOTE_CHECK(is_integer() && !q.scales.empty() && q.scales.size() == q.zero_points.size());
  Encoding e = *this;
  e.quantization_ = std::make_shared<const Quantization>(std::move(q));
  return e;
}

std::int64_t Encoding::container_bytes() const {
  if (is_real()) return 4;
  return bits_ <= 8 ? 1 : bits_ / 8;
}

std::int64_t Encoding::min() const {
  MOTE_CHECK(is_integer());
  if (levels_) return levels_->front();
  return signed_ ? -(std::int64_t{1} << (bits_ - 1)) : 0;
}

std::int64_t Encoding::max() const {
  MOTE_CHECK(is_integer());
  if (levels_) return levels_->back();
  return (std::int64_t{1} << (signed_ ? bits_ - 1 : bits_)) - 1;
}

const Quantization& Encoding::quantization() const {
  MOTE_CHECK(quantization_ != nullptr);
  return *quantization_;
}

float Encoding::scale(std::size_t index) const {
  const auto& q = quantization();
  return q.axis < 0 ? q.scales[0] : q.scales.at(index);
}

std::int32_t Encoding::zero_point(std::size_t index) const {
  const auto& q = quantization();
  return q.axis < 0 ? q.zero_points[0] : q.zero_points.at(index);
}

bool Encoding::operator==(const Encoding& other) const {
  if (bits_ != other.bits_ || (bits_ != 0 && signed_ != other.signed_)) return false;
  if (!std::ranges::equal(levels(), other.levels())) return false;
  if (quantization_ == other.quantization_) return true;
  return quantization_ && other.quantization_ && *quantization_ == *other.quantization_;
}

std::string to_string(const Encoding& encoding) {
  if (encoding.is_bipolar()) return "b1";
  const std::string levels = "{" + std::to_string(encoding.levels().size()) + "}";
  return storage_name(encoding) + (encoding.has_levels() ? levels : "");
}

std::string storage_name(const Encoding& encoding) {
  if (encoding.is_real()) return "f32";
  return (encoding.is_signed() ? "s" : "u") + std::to_string(encoding.bits());
}

std::string to_string(const TensorType& type) {
  return to_string(type.encoding) + "[" + (type.shape.empty() ? "" : to_string(type.shape)) + "]";
}

}  // namespace mote
