// Small pieces that the tests of readers share: bytes from text, numbers in either order, files in a fresh
// folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/archive.h"
#include "base/file.h"

namespace mote::data {

inline std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

inline std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string big(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline void write_members(const std::filesystem::path& folder, const std::vector<ArchiveMember>& members) {
  for (const ArchiveMember& member : members) {
    make_folder((folder / member.path).parent_path());
    write_file(folder / member.path, member.bytes);
  }
}

inline const std::filesystem::path kShared = MOTE_SOURCE_DIR "/../shared/data";

}  // namespace mote::data
