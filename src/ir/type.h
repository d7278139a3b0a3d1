// The type of a Value: shape, encoding, sparsity. Quantization and sparsity live here, so that the same fact
// drives evaluation, cost, memory and every emitted language.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
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
// Of at most 8 bits it may have *levels*: the only integers that occur, such as the values of a codebook or
// powers of two. They are what the container holds, so every law reads them as they are; only the width that
// a constant takes in flash (stored_bits) follows from their number. The levels -1 and +1 of two signed bits
// with zero point 0 are *bipolar*: the one form of levels that computed values may have (docs/numerics.md,
// section 10).
class Encoding {
 public:
  static Encoding real() { return {}; }
  static Encoding integer(int bits, bool is_signed);
  static Encoding affine(int bits, bool is_signed, float scale, std::int32_t zero_point);
  // Sizes of scales and zero_points are the extent of `axis`.
  static Encoding per_axis(int bits, bool is_signed, int axis, std::vector<float> scales,
                           std::vector<std::int32_t> zero_points);
  static Encoding bipolar(float scale);
  // The same with these levels: ascending, 2 to kMaxLevels of them, within the range of at most 8 bits.
  static constexpr std::size_t kMaxLevels = 16;
  static bool are_levels(std::span<const std::int64_t> levels, int bits, bool is_signed);
  Encoding with_levels(const std::vector<std::int64_t>& levels) const;

  bool is_real() const { return bits_ == 0; }
  bool is_integer() const { return bits_ != 0; }
  bool is_quantized() const { return quantization_ != nullptr; }
  bool is_per_axis() const { return quantization_ && quantization_->axis >= 0; }
  int bits() const { return is_real() ? 32 : bits_; }
  bool is_signed() const { return is_real() || signed_; }
  std::int64_t container_bytes() const;  // 1, 2 or 4
  std::int64_t min() const;              // smallest and largest integer: of the levels where there are some
  std::int64_t max() const;
  bool has_levels() const { return levels_ != nullptr; }
  std::span<const std::int16_t> levels() const;  // ascending; none: empty
  bool allows(std::int64_t value) const;         // within the range, and a level where there are levels
  bool is_bipolar() const;
  int stored_bits() const;  // bits that number the levels; without levels bits()
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
  std::shared_ptr<const std::vector<std::int16_t>> levels_;
};

std::string storage_name(const Encoding& encoding);  // "f32", "s8", "u16"
// The same with the number of levels, "s8{16}"; "b1" is bipolar. Scales are not shown.
std::string to_string(const Encoding& encoding);

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
  std::int64_t packed_bytes() const { return (elements() * encoding.stored_bits() + 7) / 8; }  // in flash
  bool operator==(const TensorType&) const = default;
};

std::string to_string(const TensorType& type);  // "s8[1x32x32x3]"

}  // namespace mote
