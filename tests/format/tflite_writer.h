// Writes small TensorFlow Lite files for tests. It knows the published field positions by number and shares
// no schema with the reader, so that it checks them too.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace mote::test {

enum TfliteType : std::int8_t {
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kString = 5,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
  kInt4 = 17
};

struct TfliteTensor {
  std::vector<std::int32_t> shape;
  TfliteType type = kFloat32;
  std::vector<std::uint8_t> data = {};  // empty: not a constant
  std::vector<float> scales = {};
  std::vector<std::int64_t> zero_points = {};
  std::int32_t axis = 0;
  std::vector<std::int32_t> signature = {};
  bool is_variable = false;
};

struct TfliteField {
  int id;
  std::variant<std::int8_t, std::int32_t, float, std::vector<std::int32_t>> value;
};

struct TfliteOperator {
  int code;
  std::vector<std::int32_t> inputs, outputs;
  int options_type = 0;  // position in the union, 0: none
  std::vector<TfliteField> options = {};
  std::string custom_name = {};
};

struct TfliteFile {
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteOperator> operators;
  std::vector<std::int32_t> inputs, outputs;
  std::uint32_t version = 3;
  bool only_deprecated_codes = false;  // as files from before 2020
};

std::vector<std::byte> write_tflite(const TfliteFile& file);

// The bytes of a list of numbers.
template <class T>
std::vector<std::uint8_t> bytes_of(const std::vector<T>& values) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(values.data());
  return {begin, begin + values.size() * sizeof(T)};
}

// A constant list of int32, as shapes, axes and paddings are given.
TfliteTensor index_tensor(const std::vector<std::int32_t>& values);
TfliteTensor real_tensor(std::vector<std::int32_t> shape, const std::vector<float>& values);

}  // namespace mote::test
