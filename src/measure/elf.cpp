#include "measure/elf.h"

#include <cstring>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace mote {

namespace {

constexpr std::uint32_t kSymbolTable = 2, kZeroFilled = 8, kNote = 7, kUnwindX86 = 0x70000001;
constexpr std::uint64_t kWritable = 1, kLoaded = 2;
constexpr unsigned kObject = 1, kFunction = 2, kMachineArm = 40;

struct Header {
  std::uint64_t name = 0, type = 0, flags = 0, offset = 0, bytes = 0, link = 0, entry_bytes = 0;
};

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path), bytes_(read_file(path)) {
    const auto magic = std::string_view(reinterpret_cast<const char*>(bytes_.data()),
                                        std::min<std::size_t>(bytes_.size(), 6));
    if (magic.size() < 6 || magic.substr(0, 4) != "\177ELF" || magic[5] != 1)
      fail("it is no little-endian ELF file");
    wide_ = magic[4] == 2;
    machine_ = static_cast<unsigned>(number(18, 2));
  }

  std::uint64_t number(std::uint64_t offset, unsigned width) const {
    if (offset > bytes_.size() || bytes_.size() - offset < width) fail("a table points outside the file");
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_.data() + offset, width);
    return value;
  }

  // A field of a structure that has different offsets, and maybe widths, in the two classes.
  std::uint64_t field(std::uint64_t base, unsigned at32, unsigned width32, unsigned at64,
                      unsigned width64) const {
    return wide_ ? number(base + at64, width64) : number(base + at32, width32);
  }

  std::string text(std::uint64_t offset) const {
    std::string result;
    for (char c; (c = static_cast<char>(number(offset, 1))) != 0; ++offset) result.push_back(c);
    return result;
  }

  std::vector<Header> headers() const {
    const auto table = field(0, 32, 4, 40, 8);
    const auto size = field(0, 46, 2, 58, 2);
    const auto count = field(0, 48, 2, 60, 2);
    std::vector<Header> result;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto at = table + i * size;
      result.push_back({field(at, 0, 4, 0, 4), field(at, 4, 4, 4, 4), field(at, 8, 4, 8, 8),
                        field(at, 16, 4, 24, 8), field(at, 20, 4, 32, 8), field(at, 24, 4, 40, 4),
                        field(at, 36, 4, 56, 8)});
    }
    return result;
  }

  const Header& at(const std::vector<Header>& headers, std::uint64_t index) const {
    if (index >= headers.size()) fail("a section number is out of range");
    return headers[index];
  }

  ElfFile read() const {
    ElfFile file;
    const auto all = headers();
    const auto names = at(all, field(0, 50, 2, 62, 2)).offset;
    for (const auto& header : all) {
      if (header.type == kSymbolTable) read_symbols(header, at(all, header.link).offset, file);
      const bool counted = header.type != kNote && header.type != kUnwindX86;
      file.sections.push_back({text(names + header.name), header.bytes,
                               counted && (header.flags & kLoaded) != 0, (header.flags & kWritable) != 0,
                               header.type == kZeroFilled});
    }
    return file;
  }

 private:
  void read_symbols(const Header& table, std::uint64_t names, ElfFile& file) const {
    if (table.entry_bytes == 0) fail("a symbol table has entries of no size");
    for (std::uint64_t entry = 0; entry + table.entry_bytes <= table.bytes; entry += table.entry_bytes) {
      const auto base = table.offset + entry;
      const auto type = field(base, 12, 1, 4, 1) & 15;
      const bool defined = field(base, 14, 2, 6, 2) != 0;
      if (!defined || (type != kObject && type != kFunction)) continue;
      auto address = field(base, 4, 4, 8, 8);
      if (machine_ == kMachineArm && type == kFunction) address &= ~1ULL;
      file.symbols.push_back(
          {text(names + field(base, 0, 4, 0, 4)), address, field(base, 8, 4, 16, 8), type == kFunction});
    }
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw UserError(
        {"cannot read the compiled program", path_.string(), why, "check that the target's compiler works"});
  }

  std::filesystem::path path_;
  std::vector<std::byte> bytes_;
  bool wide_ = false;
  unsigned machine_ = 0;
};

}  // namespace

std::uint64_t ElfFile::flash_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& s : sections)
    if (s.loaded && !s.zero_filled && !s.name.starts_with(".eh_frame")) sum += s.bytes;
  return sum;
}

std::uint64_t ElfFile::ram_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& s : sections)
    if (s.loaded && s.writable && !s.name.starts_with(".eh_frame")) sum += s.bytes;
  return sum;
}

std::uint64_t ElfFile::object_bytes(std::string_view prefix) const {
  std::uint64_t sum = 0;
  for (const auto& symbol : symbols)
    if (!symbol.function && symbol.name.starts_with(prefix)) sum += symbol.bytes;
  return sum;
}

const ElfSymbol* ElfFile::find_function(std::string_view name) const {
  const ElfSymbol* found = nullptr;
  for (const auto& symbol : symbols) {
    if (!symbol.function || !symbol.name.starts_with(name)) continue;
    if (symbol.name.size() == name.size()) return &symbol;
    if (symbol.name[name.size()] == '.' && symbol.name.find(".part") == std::string::npos &&
        symbol.name.find(".cold") == std::string::npos)
      found = &symbol;
  }
  return found;
}

ElfFile read_elf(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace mote
