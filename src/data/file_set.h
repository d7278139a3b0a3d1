// The files of a data set, whether they lie in a folder, in an archive or alone. Archives are read once, in
// one pass, and kept in memory; files of a folder are read when asked for.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace mote::data {

class FileSet {
 public:
  // Hidden files are left out; paths are relative with '/' and sorted, numbers within them by value ("img2"
  // before "img10").
  static FileSet open(const std::filesystem::path& path);

  std::size_t size() const { return files_.size(); }
  const std::string& path(std::size_t index) const { return files_[index].path; }
  // For error messages: where the file lies.
  std::string where(std::size_t index) const;
  // The content; thread-safe.
  std::vector<std::byte> read(std::size_t index) const;
  // The content with a compression of the single file (.gz, .xz, ...) undone.
  std::vector<std::byte> read_decompressed(std::size_t index) const;

  const std::filesystem::path& root() const { return root_; }
  // Keeps the files at `indices` only.
  FileSet subset(const std::vector<std::size_t>& indices) &&;

 private:
  struct File {
    std::string path;
    std::filesystem::path on_disk;  // empty: `bytes` is the content
    std::vector<std::byte> bytes;
  };
  std::filesystem::path root_;
  std::vector<File> files_;
};

// Order of names in which runs of digits compare by value.
bool natural_less(const std::string& a, const std::string& b);

}  // namespace mote::data
