#include "base/file.h"

#include <fcntl.h>   // open
#include <stdlib.h>  // mkdtemp
#include <unistd.h>  // fsync, getpid

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/error.h"

namespace mote {

namespace fs = std::filesystem;

std::vector<std::byte> read_file(const fs::path& path, std::uint64_t limit_bytes) {
  std::error_code code;
  const auto status = fs::status(path, code);
  if (code || !fs::exists(status))
    throw UserError({"cannot read the file", path.string(), "it does not exist", "check the path"});
  if (!fs::is_regular_file(status))
    throw UserError(
        {"cannot read the file", path.string(), "it is not a regular file", "give a file, not a folder"});
  const std::uint64_t size = fs::file_size(path, code);
  if (!code && size > limit_bytes)
    throw UserError({"cannot read the file", path.string(),
                     "it has " + std::to_string(size) + " bytes, the limit is " + std::to_string(limit_bytes),
                     "give a smaller file"});
  std::ifstream stream(path, std::ios::binary);
  std::vector<std::byte> bytes(code ? 0 : size);
  if (stream) stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (code || !stream)
    throw UserError({"cannot read the file", path.string(), std::strerror(errno), "check its permissions"});
  return bytes;
}

std::string read_text_file(const fs::path& path, std::uint64_t limit_bytes) {
  const auto bytes = read_file(path, limit_bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

namespace {

// Waits until the disk has the file, or the folder's entry of it.
bool flush_to_disk(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool done = ::fsync(file) == 0;
  return ::close(file) == 0 && done;
}

}  // namespace

void write_file(const fs::path& path, std::span<const std::byte> bytes, Durability durability) {
  static std::atomic<unsigned> counter{0};
  fs::path temporary = path;
  temporary += ".tmp" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
  stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  std::error_code code;
  const bool durable = durability == Durability::Disk;
  const bool written = stream && (!durable || flush_to_disk(temporary));
  if (written) fs::rename(temporary, path, code);
  if (written && !code && durable) flush_to_disk(path.has_parent_path() ? path.parent_path() : fs::path("."));
  if (!written || code) {
    const std::string why = code ? code.message() : std::strerror(errno);
    fs::remove(temporary, code);
    throw UserError(
        {"cannot write the file", path.string(), why, "check that the folder exists and can be written"});
  }
}

void write_file(const fs::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

void make_folder(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code)
    throw UserError({"cannot make the folder", path.string(), code.message(), "choose another place"});
}

TemporaryFolder::TemporaryFolder() {
  std::error_code code;
  fs::path base = fs::temp_directory_path(code);
  if (code) base = "/tmp";
  std::string name = (base / "mote-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw UserError(
        {"cannot make a temporary folder", name, std::strerror(errno), "set TMPDIR to a writable folder"});
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace mote
