#include "base/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace mote {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;

using ReadHandle = std::unique_ptr<archive, decltype(&archive_read_free)>;
using WriteHandle = std::unique_ptr<archive, decltype(&archive_write_free)>;

[[noreturn]] void damaged(archive* handle, const std::string& name) {
  const char* message = archive_error_string(handle);
  throw UserError({.what = "cannot read the archive or compressed file",
                   .where = name,
                   .why = message != nullptr ? message : "it is damaged or of an unknown format",
                   .remedy = "check that the file is complete (tar -tf, unzip -t, gzip -t)"});
}

void check(int status, archive* handle, const std::string& name) {
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) damaged(handle, name);
}

std::string member_path(archive_entry* entry, std::size_t index) {
  const char* text = archive_entry_pathname(entry);
  if (text == nullptr) text = archive_entry_pathname_utf8(entry);  // the C locale cannot express the name
  std::string path = text != nullptr ? text : "member" + std::to_string(index);
  while (path.starts_with("./")) path.erase(0, 2);
  return path;
}

// Reads the current member by way of `block`; `used` counts the bytes of all members so far.
std::vector<std::byte> read_member(archive* handle, const std::string& name, std::uint64_t limit_bytes,
                                   std::uint64_t& used, std::span<std::byte> block) {
  std::vector<std::byte> bytes;
  for (;;) {
    const la_ssize_t got = archive_read_data(handle, block.data(), block.size());
    if (got < 0) damaged(handle, name);
    if (got == 0) return bytes;
    used += static_cast<std::uint64_t>(got);
    if (used > limit_bytes) {
      throw UserError({.what = "the archive is too large to be read into memory",
                       .where = name,
                       .why = "its files exceed " + format_bytes(limit_bytes),
                       .remedy = "unpack it into a folder and give the folder"});
    }
    bytes.insert(bytes.end(), block.begin(), block.begin() + got);
  }
}

void read_members(archive* handle, const std::string& name, std::uint64_t limit_bytes,
                  const std::function<void(ArchiveMember&&)>& visit) {
  std::uint64_t used = 0;
  std::vector<std::byte> block(kBlockBytes);
  for (std::size_t index = 0;; ++index) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(handle, &entry);
    if (status == ARCHIVE_EOF) return;
    check(status, handle, name);
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    std::string path = member_path(entry, index);
    visit({std::move(path), read_member(handle, name, limit_bytes, used, block)});
  }
}

ReadHandle archive_reader() {
  ReadHandle handle(archive_read_new(), archive_read_free);
  MOTE_CHECK(handle != nullptr);
  archive_read_support_filter_all(handle.get());
  archive_read_support_format_tar(handle.get());
  archive_read_support_format_zip(handle.get());
  return handle;
}

}  // namespace

void read_archive(const std::filesystem::path& path, std::uint64_t limit_bytes,
                  const std::function<void(ArchiveMember&&)>& visit) {
  const ReadHandle handle = archive_reader();
  check(archive_read_open_filename(handle.get(), path.c_str(), kBlockBytes), handle.get(), path.string());
  read_members(handle.get(), path.string(), limit_bytes, visit);
}

void read_archive(std::span<const std::byte> archive, const std::string& name, std::uint64_t limit_bytes,
                  const std::function<void(ArchiveMember&&)>& visit) {
  const ReadHandle handle = archive_reader();
  check(archive_read_open_memory(handle.get(), archive.data(), archive.size()), handle.get(), name);
  read_members(handle.get(), name, limit_bytes, visit);
}

std::vector<std::byte> decompress(std::span<const std::byte> bytes, const std::string& name,
                                  std::uint64_t limit_bytes) {
  if (bytes.empty()) return {};  // the raw format refuses an empty file
  const ReadHandle handle(archive_read_new(), archive_read_free);
  MOTE_CHECK(handle != nullptr);
  archive_read_support_filter_all(handle.get());
  archive_read_support_format_raw(handle.get());
  check(archive_read_open_memory(handle.get(), bytes.data(), bytes.size()), handle.get(), name);
  std::vector<std::byte> content;
  read_members(handle.get(), name, limit_bytes,
               [&](ArchiveMember&& member) { content = std::move(member.bytes); });
  return content;
}

std::vector<std::byte> format_archive(const std::vector<ArchiveMember>& members, std::string_view name) {
  const WriteHandle handle(archive_write_new(), archive_write_free);
  MOTE_CHECK(handle != nullptr);
  std::size_t expected_bytes = kBlockBytes;
  for (const ArchiveMember& member : members) {
    expected_bytes += member.bytes.size() + 2 * member.path.size() + 1024;
  }
  if (name.ends_with(".zip") || name.ends_with(".npz")) {
    archive_write_set_format_zip(handle.get());
    archive_write_zip_set_compression_store(handle.get());
  } else {
    archive_write_set_format_ustar(handle.get());
    if (name.ends_with("gz")) archive_write_add_filter_gzip(handle.get());
    if (name.ends_with("gz")) archive_write_set_filter_option(handle.get(), "gzip", "timestamp", nullptr);
  }
  archive_write_set_bytes_in_last_block(handle.get(), 1);
  std::vector<std::byte> out(expected_bytes);
  std::size_t used_bytes = 0;
  const std::string label(name);
  check(archive_write_open_memory(handle.get(), out.data(), out.size(), &used_bytes), handle.get(), label);
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                            archive_entry_free);
  for (const ArchiveMember& member : members) {
    archive_entry_clear(entry.get());
    archive_entry_set_pathname(entry.get(), member.path.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.bytes.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);
    check(archive_write_header(handle.get(), entry.get()), handle.get(), label);
    const la_ssize_t written = archive_write_data(handle.get(), member.bytes.data(), member.bytes.size());
    if (written != static_cast<la_ssize_t>(member.bytes.size())) damaged(handle.get(), label);
  }
  check(archive_write_close(handle.get()), handle.get(), label);
  out.resize(used_bytes);
  return out;
}

}  // namespace mote
