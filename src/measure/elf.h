// Reads the sections and symbols of a little-endian ELF file, 32 or 64 bits (System V ABI, chapter 4): sizes
// for the flash and RAM figures, addresses for the instruction counter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mote {

struct ElfSection {
  std::string name;
  std::uint64_t bytes = 0;
  bool loaded = false;  // occupies memory when the program runs
  bool writable = false;
  bool zero_filled = false;  // has no bytes in the file
};

struct ElfSymbol {
  std::string name;
  std::uint64_t address = 0;  // without the Thumb bit
  std::uint64_t bytes = 0;
  bool function = false;
};

struct ElfFile {
  std::vector<ElfSection> sections;
  std::vector<ElfSymbol> symbols;  // defined functions and objects

  // Bytes that stand in flash: code, constants and the start values of variables. Unwind tables and notes do
  // not count.
  std::uint64_t flash_bytes() const;
  std::uint64_t ram_bytes() const;  // variables, zero-filled or not
  // Bytes of the objects whose name starts with `prefix`.
  std::uint64_t object_bytes(std::string_view prefix) const;
  // The function `name`, or a copy the compiler specialized (name.constprop.0 and the like); nullptr where
  // there is none.
  const ElfSymbol* find_function(std::string_view name) const;
};

// Throws UserError when the file is missing or is no such ELF file.
ElfFile read_elf(const std::filesystem::path& path);

}  // namespace mote
