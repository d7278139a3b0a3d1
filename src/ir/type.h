// The type of a Value: shape, encoding, sparsity. Quantization and sparsity live here, so that the same fact
// drives evaluation, cost, memory and every emitted language.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mote {

// Extents, outermost first; images are NHWC. {} is a scalar.
using Shape = std::vector<std::int64_t>;

// Product of the extents; throws UserError when it does not fit kMaxElements.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;
std::int64_t element_count(const Shape& shape);
std::string to_string(const Shape& shape);  // "1x32x32x3", "scalar"

// Affine quantization: real = scale * (q - zero_point), one pair per tensor or one per index of `axis`.
struct Quantization {
  int axis = -1;  // -1: per tensor
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;  // as many as scales
  bool operator==(const Quantization&) const = default;
};

// How an element is represented. Real: float32. Integer: 1..8, 16 or 32 bits, signed or not, plain (indices,
// masks) or with an affine meaning. In memory an integer takes the smallest of 1, 2 or 4 bytes.
class Encoding {
 public:
  static Encoding real() { return {}; }
  static Encoding integer(int bits, bool is_signed);
  static Encoding affine(int bits, bool is_signed, float scale, std::int32_t zero_point);
  // Sizes of scales and zero_points are the extent of `axis`.
  static Encoding per_axis(int bits, bool is_signed, int axis, std::vector<float> scales,
                           std::vector<std::int32_t> zero_points);

  bool is_real() const { return bits_ == 0; }
  bool is_integer() const { return bits_ != 0; }
  bool is_quantized() const { return quantization_ != nullptr; }
  bool is_per_axis() const { return quantization_ && quantization_->axis >= 0; }
  int bits() const { return is_real() ? 32 : bits_; }
  bool is_signed() const { return is_real() || signed_; }
  std::int64_t container_bytes() const;  // 1, 2 or 4
  std::int64_t min() const;              // smallest and largest integer
  std::int64_t max() const;
  // Of quantized encodings; per-tensor ones answer for every index.
  const Quantization& quantization() const;
  float scale(std::size_t index = 0) const;
  std::int32_t zero_point(std::size_t index = 0) const;
  // The same bits and sign, other meaning.
  Encoding with_quantization(Quantization q) const;
  bool operator==(const Encoding& other) const;

 private:
  int bits_ = 0;  // 0: real
  bool signed_ = true;
  std::shared_ptr<const Quantization> quantization_;
};

std::string to_string(const Encoding& encoding);  // "f32", "s8", "u16"; scales are not shown

// Which elements of a constant may be non-zero.
struct Sparsity {
  enum class Kind { Dense, Bitmask, Csr, NOfM, Block };
  Kind kind = Kind::Dense;
  int first = 0;   // NOfM: at most `first` non-zero in each run of `second` along the last axis
  int second = 0;  // Block: zeros come in blocks of first x second over the first and last axis
  bool operator==(const Sparsity&) const = default;
};

struct TensorType {
  Shape shape;
  Encoding encoding;
  Sparsity sparsity;
  std::int64_t elements() const { return element_count(shape); }
  std::int64_t bytes() const { return elements() * encoding.container_bytes(); }  // in memory, unpacked
  std::int64_t packed_bytes() const { return (elements() * encoding.bits() + 7) / 8; }
  bool operator==(const TensorType&) const = default;
};

std::string to_string(const TensorType& type);  // "s8[1x32x32x3]"

}  // namespace mote
