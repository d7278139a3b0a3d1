// Tensor: a type and its elements in memory (float, or 1-, 2- or 4-byte integers, dense, C order). The bytes
// are shared and immutable: copying a Tensor copies no element. Array: the same elements widened to double or
// int64, as the exact evaluation uses them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ir/type.h"

namespace mote {

class Tensor {
 public:
  Tensor() = default;
  // `bytes` in the machine's little-endian order; their number must be type.bytes().
  Tensor(TensorType type, std::vector<std::byte> bytes);
  static Tensor reals(Shape shape, const std::vector<float>& values);
  // Values outside the encoding's range are a bug.
  static Tensor integers(TensorType type, const std::vector<std::int64_t>& values);
  static Tensor zeros(TensorType type);

  const TensorType& type() const { return type_; }
  std::span<const std::byte> bytes() const { return {bytes_->data(), bytes_->size()}; }
  std::span<const float> floats() const;              // real encodings only
  std::int64_t integer_at(std::int64_t index) const;  // integer encodings only
  double real_at(std::int64_t index) const;           // real: the element
  Tensor with_type(TensorType type) const;            // same bytes, same container size and element count
  bool operator==(const Tensor& other) const;         // type and every byte

 private:
  TensorType type_;
  std::shared_ptr<const std::vector<std::byte>> bytes_ = std::make_shared<const std::vector<std::byte>>();
};

struct Array {
  TensorType type;
  std::vector<double> real;           // filled when type.encoding is real
  std::vector<std::int64_t> integer;  // filled when it is integer

  explicit Array(TensorType t);
  Array() = default;
  std::int64_t size() const { return type.elements(); }
  const Shape& shape() const { return type.shape; }
  const Encoding& encoding() const { return type.encoding; }
};

Array widen(const Tensor& tensor);
// Reals are rounded to float32; integers outside the encoding's range are a bug of the evaluation.
Tensor narrow(const Array& array);

// Index along `axis` of the element at flat position `index`: which scale of a per-axis encoding it has.
std::int64_t axis_index(const Shape& shape, int axis, std::int64_t index);

// real = scale * (q - zero_point), in double, for every element of a quantized array; plain integers become
// their value.
std::vector<double> dequantized(const Array& array);

}  // namespace mote
