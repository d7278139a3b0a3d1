// Whole-file input and output. Output is atomic: a temporary file in the same folder, then rename.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mote {

// Throws UserError when the file is missing, not a regular file, unreadable or larger than `limit_bytes`.
std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes = 2ULL << 30);
std::string read_text_file(const std::filesystem::path& path, std::uint64_t limit_bytes = 64ULL << 20);

// Cache: a crash of the program leaves the old or the new file. Disk: so does a crash of the machine (fsync).
enum class Durability { Cache, Disk };
// Throws UserError when the folder does not exist or the disk refuses; the old file then stays as it was.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes,
                Durability durability = Durability::Cache);
void write_file(const std::filesystem::path& path, std::string_view text);

// Throws UserError when the folder cannot be made.
void make_folder(const std::filesystem::path& path);

// A fresh folder under the system's temporary folder, removed with everything in it at the end of its life.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace mote
