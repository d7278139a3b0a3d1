#include "data/file_set.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "base/archive.h"
#include "base/error.h"
#include "base/file.h"

namespace mote::data {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kArchiveLimitBytes = 1ULL << 30;

bool is_archive_name(const std::string& name) {
  constexpr std::array<std::string_view, 8> kEndings = {".tar",     ".tar.gz", ".tgz",     ".zip",
                                                        ".tar.bz2", ".tar.xz", ".tar.zst", ".txz"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_hidden(const std::string& path) {
  return path.starts_with(".") || path.find("/.") != std::string::npos || path.starts_with("__MACOSX");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The run of digits at `at`, without leading zeros; moves `at` behind it.
std::string_view take_digits(const std::string& text, std::size_t& at) {
  while (at + 1 < text.size() && text[at] == '0' && is_digit(text[at + 1])) ++at;
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return std::string_view(text).substr(begin, at - begin);
}

}  // namespace

bool natural_less(const std::string& a, const std::string& b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string_view x = take_digits(a, i);
      const std::string_view y = take_digits(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
    }
  }
  if (i < a.size() || j < b.size()) return j < b.size();
  return a < b;
}

FileSet FileSet::open(const fs::path& path) {
  FileSet set;
  set.root_ = path;
  std::error_code code;
  if (fs::is_directory(path, code)) {
    auto walk = fs::recursive_directory_iterator(path, fs::directory_options::follow_directory_symlink, code);
    for (; !code && walk != fs::recursive_directory_iterator(); walk.increment(code)) {
      constexpr int kMaxDepth = 16;  // a symbolic link to a folder above would not end
      if (walk.depth() >= kMaxDepth) walk.disable_recursion_pending();
      if (!walk->is_regular_file(code)) continue;
      std::string name = walk->path().lexically_relative(path).generic_string();
      if (!is_hidden(name)) set.files_.push_back({std::move(name), walk->path(), {}});
    }
    if (code)
      throw UserError({"cannot list the folder", path.string(), code.message(), "check its permissions"});
  } else if (!fs::exists(path, code)) {
    throw UserError({"cannot open the data set", path.string(), "there is no such file or folder",
                     "check the path, or give synth:glyphs for made data"});
  } else if (is_archive_name(path.filename().string())) {
    read_archive(path, kArchiveLimitBytes, [&](ArchiveMember&& member) {
      if (!is_hidden(member.path))
        set.files_.push_back({std::move(member.path), {}, std::move(member.bytes)});
    });
  } else {
    set.files_.push_back({path.filename().string(), path, {}});
  }
  std::sort(set.files_.begin(), set.files_.end(),
            [](const File& a, const File& b) { return natural_less(a.path, b.path); });
  return set;
}

std::string FileSet::where(std::size_t index) const {
  const File& file = files_[index];
  return file.on_disk.empty() ? root_.string() + ": " + file.path : file.on_disk.string();
}

std::vector<std::byte> FileSet::read(std::size_t index) const {
  const File& file = files_[index];
  return file.on_disk.empty() ? file.bytes : read_file(file.on_disk);
}

std::vector<std::byte> FileSet::read_decompressed(std::size_t index) const {
  return decompress(read(index), where(index), kArchiveLimitBytes);
}

FileSet FileSet::subset(const std::vector<std::size_t>& indices) && {
  FileSet chosen;
  chosen.root_ = std::move(root_);
  for (const std::size_t index : indices) chosen.files_.push_back(std::move(files_[index]));
  return chosen;
}

}  // namespace mote::data
