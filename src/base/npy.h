// NumPy's array files: .npy (versions 1 to 3) and .npz (a zip of .npy). Format: NEP 1 and the
// numpy.lib.format document. Arrays are held in C order; a file in Fortran order is reordered on reading.
// Little-endian numbers only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mote {

enum class NpyType {
  kBool,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kFloat32,
  kFloat64
};

std::size_t element_bytes(NpyType type);
const char* npy_descr(NpyType type);  // "<f4", "|u1", ...
bool is_float(NpyType type);

struct NpyArray {
  NpyType type = NpyType::kFloat32;
  std::vector<std::int64_t> shape;  // empty: one number
  std::vector<std::byte> bytes;     // C order, element_bytes(type) each

  std::size_t count() const { return bytes.size() / element_bytes(type); }
  // All elements converted as static_cast does.
  std::vector<float> as_float() const;
  std::vector<double> as_double() const;
  std::vector<std::int64_t> as_int64() const;
};

template <class T>
constexpr NpyType npy_type_of() {
  if constexpr (std::is_same_v<T, bool>) return NpyType::kBool;
  if constexpr (std::is_same_v<T, std::int8_t>) return NpyType::kInt8;
  if constexpr (std::is_same_v<T, std::uint8_t>) return NpyType::kUint8;
  if constexpr (std::is_same_v<T, std::int16_t>) return NpyType::kInt16;
  if constexpr (std::is_same_v<T, std::uint16_t>) return NpyType::kUint16;
  if constexpr (std::is_same_v<T, std::int32_t>) return NpyType::kInt32;
  if constexpr (std::is_same_v<T, std::uint32_t>) return NpyType::kUint32;
  if constexpr (std::is_same_v<T, std::int64_t>) return NpyType::kInt64;
  if constexpr (std::is_same_v<T, std::uint64_t>) return NpyType::kUint64;
  if constexpr (std::is_same_v<T, float>) return NpyType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return NpyType::kFloat64;
}

// An array of `values`, whose number must be the product of `shape`.
template <class T>
NpyArray npy_array(std::vector<std::int64_t> shape, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  return {npy_type_of<T>(), std::move(shape), {bytes.begin(), bytes.end()}};
}

// `name` stands in the errors. Throws UserError for anything but a complete array of a type above; the memory
// used is bounded by the size of the input.
NpyArray parse_npy(std::span<const std::byte> file, const std::string& name);
NpyArray read_npy(const std::filesystem::path& path);
std::vector<std::byte> format_npy(const NpyArray& array);  // version 1.0
void write_npy(const std::filesystem::path& path, const NpyArray& array);

// Arrays with their names (without ".npy"), in file order. Members that are not .npy are an error.
using NpzArrays = std::vector<std::pair<std::string, NpyArray>>;
NpzArrays parse_npz(std::span<const std::byte> file, const std::string& name);
NpzArrays read_npz(const std::filesystem::path& path);
void write_npz(const std::filesystem::path& path, const NpzArrays& arrays);

}  // namespace mote
