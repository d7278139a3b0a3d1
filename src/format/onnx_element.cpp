#include "format/onnx_element.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>

#include "base/error.h"

namespace mote {

namespace {

constexpr std::array kElements = {
    OnnxElementRow{OnnxElement::kFloat, "float32", "f32", 32, true, true},
    OnnxElementRow{OnnxElement::kUint8, "uint8", "u8", 8, false, false},
    OnnxElementRow{OnnxElement::kInt8, "int8", "s8", 8, false, true},
    OnnxElementRow{OnnxElement::kUint16, "uint16", "u16", 16, false, false},
    OnnxElementRow{OnnxElement::kInt16, "int16", "s16", 16, false, true},
    OnnxElementRow{OnnxElement::kInt32, "int32", "s32", 32, false, true},
    OnnxElementRow{OnnxElement::kInt64, "int64", "s32", 64, false, true},
    OnnxElementRow{OnnxElement::kBool, "bool", "bool", 8, false, false},
    OnnxElementRow{OnnxElement::kFloat16, "float16", "f16", 16, true, true},
    OnnxElementRow{OnnxElement::kDouble, "float64", "f64", 64, true, true},
    OnnxElementRow{OnnxElement::kUint32, "uint32", "u32", 32, false, false},
    OnnxElementRow{OnnxElement::kUint64, "uint64", "u32", 64, false, false},
    OnnxElementRow{OnnxElement::kBfloat16, "bfloat16", "bf16", 16, true, true},
    OnnxElementRow{OnnxElement::kFloat8e4m3fn, "float8e4m3fn", "f8e4m3fn", 8, true, true},
    OnnxElementRow{OnnxElement::kFloat8e4m3fnuz, "float8e4m3fnuz", "f8e4m3fnuz", 8, true, true},
    OnnxElementRow{OnnxElement::kFloat8e5m2, "float8e5m2", "f8e5m2", 8, true, true},
    OnnxElementRow{OnnxElement::kFloat8e5m2fnuz, "float8e5m2fnuz", "f8e5m2fnuz", 8, true, true},
    OnnxElementRow{OnnxElement::kUint4, "uint4", "u4", 4, false, false},
    OnnxElementRow{OnnxElement::kInt4, "int4", "s4", 4, false, true},
    OnnxElementRow{OnnxElement::kFloat4e2m1, "float4e2m1", "f4e2m1", 4, true, true},
    OnnxElementRow{OnnxElement::kUint2, "uint2", "u2", 2, false, false},
    OnnxElementRow{OnnxElement::kInt2, "int2", "s2", 2, false, true},
};

[[noreturn]] void bad_tensor(const std::string& where, const std::string& why) {
  throw UserError({"a tensor of the ONNX file cannot be read", where, why, "repair or re-export the model"});
}

// A small float format: 1 sign bit, `exponent` bits, `mantissa` bits. IEEE: the top exponent is infinity and
// NaN. FN: only the all-ones pattern is NaN. FNUZ: no negative zero, whose pattern is NaN; the bias is one
// more. None: finite numbers only.
enum class Specials { kIeee, kFn, kFnuz, kNone };
struct SmallFloat {
  int exponent, mantissa;
  Specials specials;
};

double decode_small(std::uint32_t bits, const SmallFloat& f) {
  const std::uint32_t sign = bits >> (f.exponent + f.mantissa) & 1U;
  const std::uint32_t top = (1U << f.exponent) - 1;
  const std::uint32_t e = bits >> f.mantissa & top;
  const std::uint32_t m = bits & ((1U << f.mantissa) - 1);
  const double direction = sign ? -1.0 : 1.0;
  if (f.specials == Specials::kFnuz && sign && e == 0 && m == 0)
    return std::numeric_limits<double>::quiet_NaN();
  if (f.specials == Specials::kFn && e == top && m == (1U << f.mantissa) - 1)
    return std::numeric_limits<double>::quiet_NaN();
  if (f.specials == Specials::kIeee && e == top)
    return m ? std::numeric_limits<double>::quiet_NaN() : direction * std::numeric_limits<double>::infinity();
  const int bias = (1 << (f.exponent - 1)) - (f.specials == Specials::kFnuz ? 0 : 1);
  const double fraction = static_cast<double>(m) / (1U << f.mantissa);
  if (e == 0) return direction * std::ldexp(fraction, 1 - bias);
  return direction * std::ldexp(1 + fraction, static_cast<int>(e) - bias);
}

std::optional<SmallFloat> small_float(OnnxElement e) {
  switch (e) {
    case OnnxElement::kFloat16: return SmallFloat{5, 10, Specials::kIeee};
    case OnnxElement::kBfloat16: return SmallFloat{8, 7, Specials::kIeee};
    case OnnxElement::kFloat8e4m3fn: return SmallFloat{4, 3, Specials::kFn};
    case OnnxElement::kFloat8e4m3fnuz: return SmallFloat{4, 3, Specials::kFnuz};
    case OnnxElement::kFloat8e5m2: return SmallFloat{5, 2, Specials::kIeee};
    case OnnxElement::kFloat8e5m2fnuz: return SmallFloat{5, 2, Specials::kFnuz};
    case OnnxElement::kFloat4e2m1: return SmallFloat{2, 1, Specials::kNone};
    default: return std::nullopt;
  }
}

// Element `index` of little-endian packed data; elements below a byte start at the low bits.
std::uint64_t raw_bits(std::string_view raw, std::int64_t index, int bits) {
  std::uint64_t value = 0;
  if (bits >= 8) {
    const auto bytes = static_cast<std::size_t>(bits / 8);
    std::memcpy(&value, raw.data() + static_cast<std::size_t>(index) * bytes, bytes);
    return value;
  }
  const std::int64_t bit = index * bits;
  const auto byte = static_cast<unsigned char>(raw[static_cast<std::size_t>(bit / 8)]);
  return static_cast<std::uint64_t>(byte) >> (bit % 8) & ((1U << bits) - 1);
}

double real_of_bits(std::uint64_t bits, OnnxElement e) {
  if (e == OnnxElement::kFloat)
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  if (e == OnnxElement::kDouble) return std::bit_cast<double>(bits);
  return decode_small(static_cast<std::uint32_t>(bits), *small_float(e));
}

std::int64_t integer_of_bits(std::uint64_t bits, const OnnxElementRow& row) {
  if (row.element == OnnxElement::kBool) return bits != 0 ? 1 : 0;
  if (row.element == OnnxElement::kUint64)
    return static_cast<std::int64_t>(std::min<std::uint64_t>(bits, std::numeric_limits<std::int64_t>::max()));
  if (!row.is_signed) return static_cast<std::int64_t>(bits);
  const int unused = 64 - row.bits;
  return static_cast<std::int64_t>(bits << unused) >> unused;
}

// The typed field that a tensor without raw data uses, as bits of one element each.
class TypedField {
 public:
  TypedField(const onnx::TensorProto& proto, const OnnxElementRow& row) : proto_(proto), row_(row) {
    switch (row.element) {
      case OnnxElement::kFloat: count_ = proto.float_data_size(); break;
      case OnnxElement::kDouble: count_ = proto.double_data_size(); break;
      case OnnxElement::kInt64: count_ = proto.int64_data_size(); break;
      case OnnxElement::kUint32:
      case OnnxElement::kUint64: count_ = proto.uint64_data_size(); break;
      default:
        count_ = static_cast<std::int64_t>(proto.int32_data_size()) * (row.bits < 8 ? 8 / row.bits : 1);
    }
  }
  std::int64_t count() const { return count_; }
  std::uint64_t operator[](std::int64_t index) const {
    const int i = static_cast<int>(index);
    switch (row_.element) {
      case OnnxElement::kFloat: return std::bit_cast<std::uint32_t>(proto_.float_data(i));
      case OnnxElement::kDouble: return std::bit_cast<std::uint64_t>(proto_.double_data(i));
      case OnnxElement::kInt64: return static_cast<std::uint64_t>(proto_.int64_data(i));
      case OnnxElement::kUint32:
      case OnnxElement::kUint64: return proto_.uint64_data(i);
      default: break;
    }
    if (row_.bits >= 8)
      return static_cast<std::uint32_t>(proto_.int32_data(i)) & ((std::uint64_t{1} << row_.bits) - 1);
    const int per_word = 8 / row_.bits;
    return static_cast<std::uint32_t>(proto_.int32_data(i / per_word)) >> (i % per_word * row_.bits) &
           ((1U << row_.bits) - 1);
  }

 private:
  const onnx::TensorProto& proto_;
  const OnnxElementRow& row_;
  std::int64_t count_ = 0;
};

std::int64_t parse_number(const std::string& text, const std::string& key, const std::string& where) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    bad_tensor(where, "its external " + key + " is \"" + text.substr(0, 40) + "\"");
  return std::stoll(text);
}

std::string external_bytes(const onnx::TensorProto& proto, const std::filesystem::path& folder,
                           std::int64_t expected_bytes, const std::string& where) {
  std::string location;
  std::int64_t offset = 0;
  std::int64_t length = expected_bytes;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_number(entry.value(), "offset", where);
    if (entry.key() == "length") length = parse_number(entry.value(), "length", where);
  }
  const auto relative = std::filesystem::path(location).lexically_normal();
  const bool escapes = location.empty() || relative.is_absolute() || *relative.begin() == "..";
  std::error_code ignored;
  const auto inside =
      std::filesystem::weakly_canonical(folder / relative, ignored)
          .lexically_relative(std::filesystem::weakly_canonical(folder.empty() ? "." : folder, ignored));
  if (escapes || inside.empty() || *inside.begin() == "..")
    bad_tensor(where, "its external data \"" + location + "\" is not inside the folder of the model");
  if (length != expected_bytes)
    bad_tensor(where, "its external data has " + std::to_string(length) + " bytes, its shape needs " +
                          std::to_string(expected_bytes));
  const auto path = folder / relative;
  const auto size =
      std::filesystem::is_regular_file(path, ignored) ? std::filesystem::file_size(path, ignored) : 0;
  if (static_cast<std::uint64_t>(offset) > size ||
      static_cast<std::uint64_t>(expected_bytes) > size - static_cast<std::uint64_t>(offset))
    bad_tensor(where, "its external data ends beyond the file \"" + location + "\", which has " +
                          std::to_string(size) + " bytes");
  std::string bytes(static_cast<std::size_t>(expected_bytes), '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(offset);
  if (!file.read(bytes.data(), expected_bytes))
    bad_tensor(where, "its external data \"" + location + "\" cannot be read");
  return bytes;
}

}  // namespace

const OnnxElementRow& onnx_element(int number, const std::string& where) {
  for (const auto& row : kElements)
    if (static_cast<int>(row.element) == number) return row;
  const std::string name =
      number == static_cast<int>(OnnxElement::kString) ? "strings" : "element type " + std::to_string(number);
  throw UserError({"a tensor of the ONNX file has an element type that is not supported", where,
                   "it holds " + name, "use float or integer tensors"});
}

Encoding carried_encoding(const OnnxElementRow& row) {
  if (row.is_real) return Encoding::real();
  return Encoding::integer(row.element == OnnxElement::kBool ? 1 : std::min(row.bits, 32), row.is_signed);
}

OnnxElement element_of(const Encoding& encoding, const std::string& where) {
  if (encoding.is_real()) return OnnxElement::kFloat;
  if (encoding.bits() == 1 && !encoding.is_signed() && !encoding.is_quantized()) return OnnxElement::kBool;
  for (const auto& row : kElements)
    if (!row.is_real && row.bits == encoding.bits() && row.is_signed == encoding.is_signed() &&
        row.element != OnnxElement::kBool)
      return row.element;
  throw UserError({"a tensor cannot be written as ONNX", where,
                   "ONNX has no integers of " + std::to_string(encoding.bits()) + " bits",
                   "use 4, 8 or 16 bits"});
}

Tensor decode_tensor(const onnx::TensorProto& proto, const std::filesystem::path& folder,
                     const std::string& where) {
  const auto& row = onnx_element(proto.data_type(), where);
  Array array;
  array.type = {Shape(proto.dims().begin(), proto.dims().end()), carried_encoding(row), {}};
  const std::int64_t count = element_count(array.type.shape);
  const std::int64_t expected_bytes = (count * row.bits + 7) / 8;
  std::string external;
  const TypedField typed(proto, row);
  std::string_view raw = proto.raw_data();
  if (proto.data_location() == 1) raw = external = external_bytes(proto, folder, expected_bytes, where);
  const bool is_raw = proto.has_raw_data() || proto.data_location() == 1;
  if (is_raw          ? static_cast<std::int64_t>(raw.size()) != expected_bytes
      : row.bits >= 8 ? typed.count() != count
                      : typed.count() < count)
    bad_tensor(where, "it has " +
                          (is_raw ? std::to_string(raw.size()) + " bytes"
                                  : std::to_string(typed.count()) + " elements") +
                          " of data, its shape " + to_string(array.type.shape) + " of " + row.name +
                          " needs " + std::to_string(is_raw ? expected_bytes : count));
  if (row.element == OnnxElement::kFloat && is_raw) {
    const auto bytes = std::as_bytes(std::span(raw));
    return {array.type, {bytes.begin(), bytes.end()}};
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t bits = is_raw ? raw_bits(raw, i, row.bits) : typed[i];
    if (row.is_real)
      array.real.push_back(real_of_bits(bits, row.element));
    else
      array.integer.push_back(
          std::clamp(integer_of_bits(bits, row), array.type.encoding.min(), array.type.encoding.max()));
  }
  return narrow(array);
}

onnx::TensorProto encode_tensor(const std::string& name, const Tensor& tensor, OnnxElement element) {
  onnx::TensorProto proto;
  proto.set_name(name);
  const auto& row = onnx_element(element);
  proto.set_data_type(static_cast<int>(element));
  for (const std::int64_t extent : tensor.type().shape) proto.add_dims(extent);
  const std::int64_t count = tensor.type().elements();
  if (row.is_real) {
    const auto bytes = tensor.bytes();
    proto.set_raw_data(bytes.data(), bytes.size());
    return proto;
  }
  std::string raw(static_cast<std::size_t>((count * row.bits + 7) / 8), '\0');
  for (std::int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<std::uint64_t>(tensor.integer_at(i));
    if (row.bits >= 8) {
      const auto bytes = static_cast<std::size_t>(row.bits / 8);
      std::memcpy(raw.data() + static_cast<std::size_t>(i) * bytes, &value, bytes);
    } else {
      auto& byte = raw[static_cast<std::size_t>(i * row.bits / 8)];
      byte = static_cast<char>(static_cast<unsigned char>(byte) | (value & ((1U << row.bits) - 1))
                                                                      << (i * row.bits % 8));
    }
  }
  proto.set_raw_data(std::move(raw));
  return proto;
}

}  // namespace mote
