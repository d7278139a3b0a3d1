#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "base/hash.h"
#include "base/text.h"
#include "emit/c_parts.h"

namespace mote::emit {

std::string c_type(const Encoding& encoding) {
  if (encoding.is_real()) return "float";
  return fmt::format("{}int{}_t", encoding.is_signed() ? "" : "u", encoding.container_bytes() * 8);
}

std::string c_float(float value) {
  if (std::isnan(value)) return "NAN";
  if (std::isinf(value)) return value < 0 ? "(-1.0F / 0.0F)" : "(1.0F / 0.0F)";  // without math.h
  std::string text = format_float(value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string c_integer(std::int64_t value) {
  if (value == INT32_MIN) return "(-2147483647 - 1)";
  return std::to_string(value);
}

std::string comment_safe(std::string text) {
  for (std::size_t at = 0; (at = text.find("*/", at)) != std::string::npos;) text.replace(at, 2, "* /");
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\\') c = ' ';
  return text;
}

std::string ConstantPool::add(const ConstantArray& array) {
  const std::uint64_t hash = Hash64().text(array.c_type).bytes(array.bytes).value();
  auto& same = by_hash_[hash];
  for (const std::size_t i : same)
    if (arrays_[i].c_type == array.c_type && arrays_[i].bytes == array.bytes)
      return prefix_ + std::to_string(i);
  same.push_back(arrays_.size());
  arrays_.push_back(array);
  bytes_ += array.bytes.size();
  return prefix_ + std::to_string(arrays_.size() - 1);
}

namespace {

template <class T>
void append_elements(std::string& text, const std::vector<std::byte>& bytes) {
  constexpr std::size_t kPerLine = sizeof(T) == 1 ? 24 : 12;
  char buffer[32];
  T element{};
  for (std::size_t i = 0; i * sizeof(T) < bytes.size(); ++i) {
    std::memcpy(&element, bytes.data() + i * sizeof(T), sizeof(T));
    if (i > 0) text += i % kPerLine == 0 ? ",\n  " : ", ";
    if constexpr (std::is_same_v<T, float>) {
      text += c_float(element);
    } else if constexpr (sizeof(T) == 4) {
      text += c_integer(element);
      if constexpr (std::is_unsigned_v<T>) text += "u";
    } else {
      const auto end = std::to_chars(buffer, buffer + sizeof(buffer), static_cast<int>(element)).ptr;
      text.append(buffer, end);
    }
  }
}

void append_array(std::string& text, const ConstantArray& array) {
  const std::string& t = array.c_type;
  if (t == "int8_t") return append_elements<std::int8_t>(text, array.bytes);
  if (t == "uint8_t") return append_elements<std::uint8_t>(text, array.bytes);
  if (t == "int16_t") return append_elements<std::int16_t>(text, array.bytes);
  if (t == "uint16_t") return append_elements<std::uint16_t>(text, array.bytes);
  if (t == "int32_t") return append_elements<std::int32_t>(text, array.bytes);
  if (t == "uint32_t") return append_elements<std::uint32_t>(text, array.bytes);
  if (t == "float") return append_elements<float>(text, array.bytes);
  fail_check("known element type", __FILE__, __LINE__, t);
}

std::size_t element_bytes(const std::string& type) {
  if (type == "float" || type.find("32") != std::string::npos) return 4;
  return type.find("16") != std::string::npos ? 2 : 1;
}

}  // namespace

std::string ConstantPool::definitions() const {
  std::string text;
  std::size_t total = 0;
  for (const ConstantArray& a : arrays_) total += a.bytes.size() * 4 + 80;
  text.reserve(total);
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    const ConstantArray& a = arrays_[i];
    text += fmt::format("static const {} {}{}[{}] MOTE_CONSTANT = {{\n  ", a.c_type, prefix_, i,
                        a.bytes.size() / element_bytes(a.c_type));
    append_array(text, a);
    text += "};\n";
  }
  return text;
}

}  // namespace mote::emit
