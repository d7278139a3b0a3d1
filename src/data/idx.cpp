#include <algorithm>
#include <bit>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "data/memory_dataset.h"
#include "data/readers.h"
#include "data/split.h"

namespace mote::data {
namespace {

struct IdxArray {
  std::uint8_t type = 0;  // 0x08 u8, 0x09 i8, 0x0b i16, 0x0c i32, 0x0d f32, 0x0e f64; numbers are big-endian
  std::vector<std::size_t> dims;
  std::vector<std::byte> bytes;
};

constexpr std::uint8_t kUnsignedByte = 0x08;

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw UserError({"cannot read the IDX file", where, why, "fetch the file again"});
}

std::size_t item_bytes(std::uint8_t type, const std::string& where) {
  switch (type) {
    case 0x08:
    case 0x09: return 1;
    case 0x0b: return 2;
    case 0x0c:
    case 0x0d: return 4;
    case 0x0e: return 8;
    default: refuse(where, "its element type is unknown");
  }
}

std::uint64_t big_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

IdxArray parse_idx(std::vector<std::byte> file, const std::string& where) {
  if (file.size() < 4 || file[0] != std::byte{0} || file[1] != std::byte{0})
    refuse(where, "it does not begin as IDX does");
  IdxArray array;
  array.type = std::to_integer<std::uint8_t>(file[2]);
  const std::size_t item = item_bytes(array.type, where);
  const auto rank = std::to_integer<std::size_t>(file[3]);
  const std::size_t data_at = 4 + 4 * rank;
  if (rank == 0 || file.size() < data_at) refuse(where, "it ends inside its header");
  std::size_t count = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    const std::size_t dim = big_endian(std::span(file).subspan(4 + 4 * d, 4));
    if (dim == 0 || count > file.size() / dim)
      refuse(where, "its data is shorter than its dimensions say, or empty");
    count *= dim;
    array.dims.push_back(dim);
  }
  if (file.size() - data_at != count * item)
    refuse(where, "its data has another size than its dimensions say");
  file.erase(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(data_at));
  array.bytes = std::move(file);
  return array;
}

double number_at(const IdxArray& array, std::size_t index, std::size_t item) {
  const std::uint64_t raw = big_endian(std::span(array.bytes).subspan(index * item, item));
  switch (array.type) {
    case 0x08: return static_cast<double>(raw);
    case 0x09: return static_cast<std::int8_t>(raw);
    case 0x0b: return static_cast<std::int16_t>(raw);
    case 0x0c: return static_cast<std::int32_t>(raw);
    case 0x0d: return std::bit_cast<float>(static_cast<std::uint32_t>(raw));
    default: return std::bit_cast<double>(raw);
  }
}

Samples to_samples(IdxArray array) {
  Shape shape(array.dims.begin() + 1, array.dims.end());
  const bool image =
      array.type == kUnsignedByte && (shape.size() == 2 || (shape.size() == 3 && shape[2] <= 3));
  if (image && shape.size() == 2) shape.push_back(1);
  if (shape.empty()) shape = {1};
  Samples samples =
      allocate_samples(image ? ElementKind::kImage : ElementKind::kTensor, shape, array.dims[0]);
  if (image) {
    std::memcpy(samples.pixels.data(), array.bytes.data(), array.bytes.size());
  } else {
    const std::size_t item = array.bytes.size() / samples.values.size();
    for (std::size_t i = 0; i < samples.values.size(); ++i) {
      samples.values[i] = static_cast<float>(number_at(array, i, item));
    }
  }
  return samples;
}

bool is_idx_name(const std::string& path) {
  return path.find("-idx") != std::string::npos || path.find(".idx") != std::string::npos;
}

// "x/train-images-idx3-ubyte.gz" -> "x/train-labels-idx1-ubyte": the labels' name less the ending of
// compression.
std::string labels_stem(std::string path) {
  const std::size_t images = path.rfind("images");
  if (images == std::string::npos) return "";
  path.replace(images, 6, "labels");
  const std::size_t rank = path.rfind("idx");
  if (rank == std::string::npos || rank + 3 >= path.size()) return "";
  path[rank + 3] = '1';
  return path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
}

// The labels that lie beside an images file which was given alone.
std::optional<std::vector<std::byte>> labels_beside(const FileSet& files, std::string& where) {
  const std::string stem = labels_stem(files.path(0));
  for (const char* ending : {"", ".gz"}) {
    const auto path = files.root().parent_path() / (stem + ending);
    std::error_code code;
    if (stem.empty() || !std::filesystem::is_regular_file(path, code)) continue;
    where = path.string();
    return FileSet::open(path).read_decompressed(0);
  }
  return std::nullopt;
}

std::optional<std::vector<std::byte>> find_labels(const FileSet& files, std::size_t images,
                                                  std::string& where) {
  if (files.size() == 1) return labels_beside(files, where);
  const std::string stem = labels_stem(files.path(images));
  for (std::size_t i = 0; i < files.size() && !stem.empty(); ++i) {
    if (files.path(i) != stem && files.path(i) != stem + ".gz") continue;
    where = files.where(i);
    return files.read_decompressed(i);
  }
  return std::nullopt;
}

}  // namespace

bool is_idx(const FileSet& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (is_idx_name(files.path(i))) return true;
  }
  return false;
}

std::unique_ptr<Dataset> open_idx(FileSet files, const DatasetOptions& options) {
  Table table{files.root().string(), "IDX", {}, {}, {}, {}};
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& path = files.path(i);
    if (!is_idx_name(path) || (files.size() > 1 && path.find("labels") != std::string::npos)) continue;
    Samples part = to_samples(parse_idx(files.read_decompressed(i), files.where(i)));
    std::string where;
    std::vector<std::string> words(part.count);
    if (auto file = find_labels(files, i, where)) {
      const IdxArray labels = parse_idx(std::move(*file), where);
      if (labels.dims.size() != 1 || labels.type != kUnsignedByte || labels.dims[0] != part.count) {
        refuse(where, "it does not hold one byte for each of the " + std::to_string(part.count) + " samples");
      }
      for (std::size_t n = 0; n < words.size(); ++n) {
        words[n] = std::to_string(std::to_integer<int>(labels.bytes[n]));
      }
    }
    table.words.insert(table.words.end(), words.begin(), words.end());
    table.splits.insert(table.splits.end(), part.count, split_within(path));
    append_samples(table.samples, std::move(part), files.where(i));
  }
  if (table.samples.count == 0) refuse(table.name, "it has no file of samples");
  return make_memory_dataset(std::move(table), options);
}

}  // namespace mote::data
