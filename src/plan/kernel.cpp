#include "plan/kernel.h"

namespace mote {

namespace {

template <class T>
ConstantArray bytes_of(const char* c_type, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  return {c_type, {bytes.begin(), bytes.end()}};
}

std::string c_type_of(const Encoding& encoding) {
  if (encoding.is_real()) return "float";
  return (encoding.is_signed() ? "int" : "uint") + std::to_string(8 * encoding.container_bytes()) + "_t";
}

}  // namespace

std::int64_t row_count(const TensorType& type) {
  const std::size_t row_axes = type.shape.size() >= 4 ? 2 : 1;
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + row_axes < type.shape.size(); ++i) rows *= type.shape[i];
  return rows;
}

ConstantArray constant_array(const Tensor& tensor) {
  return {c_type_of(tensor.type().encoding), {tensor.bytes().begin(), tensor.bytes().end()}};
}

ConstantArray constant_array(std::span<const std::int8_t> values) { return bytes_of("int8_t", values); }
ConstantArray constant_array(std::span<const std::int16_t> values) { return bytes_of("int16_t", values); }
ConstantArray constant_array(std::span<const std::int32_t> values) { return bytes_of("int32_t", values); }
ConstantArray constant_array(std::span<const float> values) { return bytes_of("float", values); }

}  // namespace mote
