#include "base/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/archive.h"
#include "base/error.h"
#include "base/file.h"

namespace mote {
namespace {

static_assert(std::endian::native == std::endian::little,
              "arrays are read and written in the byte order of the file");

struct TypeRow {
  NpyType type;
  const char* descr;
  std::size_t bytes;
};
constexpr std::array<TypeRow, 11> kTypes = {{{NpyType::kBool, "|b1", 1},
                                             {NpyType::kInt8, "|i1", 1},
                                             {NpyType::kUint8, "|u1", 1},
                                             {NpyType::kInt16, "<i2", 2},
                                             {NpyType::kUint16, "<u2", 2},
                                             {NpyType::kInt32, "<i4", 4},
                                             {NpyType::kUint32, "<u4", 4},
                                             {NpyType::kInt64, "<i8", 8},
                                             {NpyType::kUint64, "<u8", 8},
                                             {NpyType::kFloat32, "<f4", 4},
                                             {NpyType::kFloat64, "<f8", 8}}};
constexpr std::uint64_t kNpzLimitBytes = 2ULL << 30;
constexpr std::size_t kMagicBytes = 8;  // "\x93NUMPY", major, minor

const TypeRow& row_of(NpyType type) { return kTypes[static_cast<std::size_t>(type)]; }

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw UserError({"cannot read the .npy array", name, why, "save it again with numpy.save in C order"});
}

// The header is a Python dict literal with exactly three keys; this reads just that.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  struct Header {
    std::string descr;
    std::optional<bool> fortran_order;
    std::optional<std::vector<std::int64_t>> shape;
  };

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        header.descr = quoted();
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
      } else if (key == "shape") {
        header.shape = tuple();
      } else {
        refuse(name_, "its header has an unknown key '" + key + "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (header.descr.empty() || !header.fortran_order || !header.shape)
      refuse(name_, "its header lacks a key");
    return header;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) refuse(name_, std::string("its header is malformed: '") + wanted + "' expected");
  }
  std::string quoted() {
    skip_space();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) {
      refuse(name_, "its header has no plain quoted text where one is due (structured types are not read)");
    }
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) refuse(name_, "its header ends inside a text");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    }
    refuse(name_, "its header has a malformed fortran_order");
  }
  std::int64_t number() {
    skip_space();
    std::int64_t value = 0;
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (value > (INT64_MAX - 9) / 10) refuse(name_, "its header has a dimension that is too large");
      value = value * 10 + (text_[at_] - '0');
    }
    if (at_ == begin) refuse(name_, "its header has a malformed shape");
    return value;
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> dims;
    expect('(');
    while (!accept(')')) {
      dims.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dims;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

std::vector<std::byte> c_order(std::span<const std::byte> data, const std::vector<std::int64_t>& shape,
                               std::size_t item_bytes) {
  std::vector<std::byte> out(data.size());
  std::vector<std::size_t> strides(shape.size(), 1);  // of the Fortran-ordered input, in elements
  for (std::size_t d = 1; d < shape.size(); ++d)
    strides[d] = strides[d - 1] * static_cast<std::size_t>(shape[d - 1]);
  std::vector<std::int64_t> index(shape.size(), 0);
  for (std::size_t to = 0; to < out.size(); to += item_bytes) {
    std::size_t from = 0;
    for (std::size_t d = 0; d < shape.size(); ++d) from += static_cast<std::size_t>(index[d]) * strides[d];
    std::memcpy(&out[to], &data[from * item_bytes], item_bytes);
    for (std::size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];) index[d] = 0;
  }
  return out;
}

template <class To, class From>
std::vector<To> converted(const std::vector<std::byte>& bytes) {
  std::vector<To> out(bytes.size() / sizeof(From));
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, &bytes[i * sizeof(From)], sizeof(From));
    out[i] = static_cast<To>(value);
  }
  return out;
}

template <class To>
std::vector<To> elements(const NpyArray& array) {
  switch (array.type) {
    case NpyType::kBool:
    case NpyType::kUint8: return converted<To, std::uint8_t>(array.bytes);
    case NpyType::kInt8: return converted<To, std::int8_t>(array.bytes);
    case NpyType::kInt16: return converted<To, std::int16_t>(array.bytes);
    case NpyType::kUint16: return converted<To, std::uint16_t>(array.bytes);
    case NpyType::kInt32: return converted<To, std::int32_t>(array.bytes);
    case NpyType::kUint32: return converted<To, std::uint32_t>(array.bytes);
    case NpyType::kInt64: return converted<To, std::int64_t>(array.bytes);
    case NpyType::kUint64: return converted<To, std::uint64_t>(array.bytes);
    case NpyType::kFloat32: return converted<To, float>(array.bytes);
    case NpyType::kFloat64: return converted<To, double>(array.bytes);
  }
  MOTE_CHECK(false);
}

NpyType type_of(const std::string& descr, const std::string& name) {
  for (const TypeRow& row : kTypes) {
    const std::string_view known = row.descr;
    if (descr == known) return row.type;
    // one byte has no order: any mark is as good; '=' is the native, little order
    if (descr.size() == 3 && descr.substr(1) == known.substr(1) && (row.bytes == 1 || descr[0] == '='))
      return row.type;
  }
  refuse(name,
         "its element type '" + descr + "' is not read (bool, little-endian i1..i8, u1..u8, f4, f8 are)");
}

NpzArrays collect(const std::function<void(const std::function<void(ArchiveMember&&)>&)>& read,
                  const std::string& name) {
  NpzArrays arrays;
  read([&](ArchiveMember&& member) {
    const std::string where = name + ": " + member.path;
    if (!member.path.ends_with(".npy")) refuse(where, "it is a member of an .npz but not an .npy");
    NpyArray array = parse_npy(member.bytes, where);
    arrays.emplace_back(member.path.substr(0, member.path.size() - 4), std::move(array));
  });
  return arrays;
}

}  // namespace

std::size_t element_bytes(NpyType type) { return row_of(type).bytes; }
const char* npy_descr(NpyType type) { return row_of(type).descr; }
bool is_float(NpyType type) { return type == NpyType::kFloat32 || type == NpyType::kFloat64; }

std::vector<float> NpyArray::as_float() const { return elements<float>(*this); }
std::vector<double> NpyArray::as_double() const { return elements<double>(*this); }
std::vector<std::int64_t> NpyArray::as_int64() const { return elements<std::int64_t>(*this); }

NpyArray parse_npy(std::span<const std::byte> file, const std::string& name) {
  if (file.size() < kMagicBytes + 2 || std::memcmp(file.data(), "\x93NUMPY", 6) != 0) {
    refuse(name, "it does not begin as an .npy file does");
  }
  const auto byte_at = [&](std::size_t i) { return std::to_integer<std::size_t>(file[i]); };
  const std::size_t version = byte_at(6);
  if (version < 1 || version > 3)
    refuse(name, "its format version " + std::to_string(version) + " is unknown");
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  if (file.size() < kMagicBytes + length_bytes) refuse(name, "it ends inside its header");
  std::size_t header_bytes = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) header_bytes |= byte_at(kMagicBytes + i) << (8 * i);
  const std::size_t header_at = kMagicBytes + length_bytes;
  if (header_bytes > file.size() - header_at) refuse(name, "it ends inside its header");
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + header_at, header_bytes);
  const auto header = HeaderParser(text, name).parse();

  NpyArray array{type_of(header.descr, name), *header.shape, {}};
  const auto data = file.subspan(header_at + header_bytes);
  const std::size_t item_bytes = element_bytes(array.type);
  const std::size_t available = data.size() / item_bytes;
  const bool empty = std::find(array.shape.begin(), array.shape.end(), 0) != array.shape.end();
  std::size_t count = empty ? 0 : 1;
  for (const std::int64_t dim : array.shape) {
    if (empty) break;
    if (static_cast<std::size_t>(dim) > available / count)
      refuse(name, "its data is shorter than its shape says");
    count *= static_cast<std::size_t>(dim);
  }
  if (data.size() != count * item_bytes) {
    refuse(name, "its data has " + std::to_string(data.size()) + " bytes where its shape says " +
                     std::to_string(count * item_bytes));
  }
  if (*header.fortran_order && array.shape.size() > 1) {
    array.bytes = c_order(data, array.shape, item_bytes);
  } else {
    array.bytes.assign(data.begin(), data.end());
  }
  return array;
}

NpyArray read_npy(const std::filesystem::path& path) { return parse_npy(read_file(path), path.string()); }

std::vector<std::byte> format_npy(const NpyArray& array) {
  std::size_t count = 1;
  std::string header =
      std::string("{'descr': '") + npy_descr(array.type) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t d = 0; d < array.shape.size(); ++d) {
    count *= static_cast<std::size_t>(array.shape[d]);
    header += std::to_string(array.shape[d]) + (array.shape.size() == 1      ? ","
                                                : d + 1 < array.shape.size() ? ", "
                                                                             : "");
  }
  header += "), }";
  MOTE_CHECK(array.bytes.size() == count * element_bytes(array.type), header);
  constexpr std::size_t kAlignment = 64;  // of the data, as the format asks
  const std::size_t unpadded = kMagicBytes + 2 + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\0", kMagicBytes);
  text += static_cast<char>(header.size() & 0xff);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  const auto prefix = std::as_bytes(std::span(text.data(), text.size()));
  std::vector<std::byte> file(prefix.begin(), prefix.end());
  file.insert(file.end(), array.bytes.begin(), array.bytes.end());
  return file;
}

void write_npy(const std::filesystem::path& path, const NpyArray& array) {
  write_file(path, format_npy(array));
}

NpzArrays parse_npz(std::span<const std::byte> file, const std::string& name) {
  return collect([&](const auto& visit) { read_archive(file, name, kNpzLimitBytes, visit); }, name);
}

NpzArrays read_npz(const std::filesystem::path& path) {
  return collect([&](const auto& visit) { read_archive(path, kNpzLimitBytes, visit); }, path.string());
}

void write_npz(const std::filesystem::path& path, const NpzArrays& arrays) {
  std::vector<ArchiveMember> members;
  for (const auto& [name, array] : arrays) members.push_back({name + ".npy", format_npy(array)});
  write_file(path, format_archive(members, ".npz"));
}

}  // namespace mote
