#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "data/memory_dataset.h"
#include "data/readers.h"
#include "data/split.h"

namespace mote::data {
namespace {

constexpr std::size_t kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;
constexpr std::size_t kImageBytes = 3 * kPlane;

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Label bytes in front of each image: 1 (CIFAR-10), 2 (CIFAR-100: coarse, fine), 0 for other files.
std::size_t label_bytes(const std::string& path) {
  const std::string name = base_name(path);
  if (!name.ends_with(".bin")) return 0;
  if (name.starts_with("data_batch") || name == "test_batch.bin") return 1;
  return name == "train.bin" || name == "test.bin" ? 2 : 0;
}

void append_batch(Table& table, std::span<const std::byte> file, std::size_t labels, Split split,
                  const std::string& where) {
  const std::size_t record = labels + kImageBytes;
  if (file.empty() || file.size() % record != 0) {
    throw UserError({"cannot read the CIFAR batch", where,
                     "its size is not a multiple of " + std::to_string(record) + " bytes",
                     "fetch the file again"});
  }
  const auto side = static_cast<std::int64_t>(kSide);
  Samples part = allocate_samples(ElementKind::kImage, {side, side, 3}, file.size() / record);
  for (std::size_t n = 0; n < part.count; ++n) {
    const auto bytes = file.subspan(n * record, record);
    table.words.push_back(std::to_string(std::to_integer<int>(bytes[labels - 1])));
    table.splits.emplace_back(split);
    for (std::size_t p = 0; p < kPlane; ++p) {
      for (std::size_t c = 0; c < 3; ++c) {
        part.pixels[n * kImageBytes + p * 3 + c] =
            std::to_integer<std::uint8_t>(bytes[labels + c * kPlane + p]);
      }
    }
  }
  append_samples(table.samples, std::move(part), where);
}

std::vector<std::string> class_names(std::span<const std::byte> file) {
  std::vector<std::string> names = split({reinterpret_cast<const char*>(file.data()), file.size()}, '\n');
  for (std::string& name : names) std::erase(name, '\r');
  std::erase(names, "");
  return names;
}

}  // namespace

bool is_cifar(const FileSet& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (label_bytes(files.path(i)) != 0) return true;
  }
  return false;
}

std::unique_ptr<Dataset> open_cifar(FileSet files, const DatasetOptions& options) {
  Table table{files.root().string(), "CIFAR binary", {}, {}, {}, {}};
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = base_name(files.path(i));
    if (name == "batches.meta.txt" || name == "fine_label_names.txt")
      table.class_names = class_names(files.read(i));
    const std::size_t labels = label_bytes(name);
    if (labels == 0) continue;
    const Split split = name.starts_with("test") ? Split::kTest : Split::kTrain;
    append_batch(table, files.read(i), labels, split, files.where(i));
  }
  return make_memory_dataset(std::move(table), options);
}

}  // namespace mote::data
