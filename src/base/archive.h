// Archives and compressed files, read in one sequential pass through libarchive: tar (plain, gzip, xz, zstd,
// bzip2), zip. Nothing is unpacked to disk, so member names are only labels. Reading is bounded: a small file
// that claims or expands to more than the limit is refused with a UserError before the memory is spent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mote {

struct ArchiveMember {
  std::string path;  // as stored, with '/' between folders and without a leading "./"
  std::vector<std::byte> bytes;
};

// Calls `visit` for each regular file, in archive order. Throws UserError when the archive is damaged, empty
// of format, or its files together exceed `limit_bytes`.
void read_archive(const std::filesystem::path& path, std::uint64_t limit_bytes,
                  const std::function<void(ArchiveMember&&)>& visit);
void read_archive(std::span<const std::byte> archive, const std::string& name, std::uint64_t limit_bytes,
                  const std::function<void(ArchiveMember&&)>& visit);

// The content of a single compressed file (.gz, .xz, ...); bytes that carry no known compression come back as
// they are.
std::vector<std::byte> decompress(std::span<const std::byte> bytes, const std::string& name,
                                  std::uint64_t limit_bytes);

// The archive as bytes; the format follows `name`'s ending: .zip or .npz (stored, not deflated), .tar,
// .tar.gz or .tgz. Times are zero, so equal members give equal bytes.
std::vector<std::byte> format_archive(const std::vector<ArchiveMember>& members, std::string_view name);

}  // namespace mote
