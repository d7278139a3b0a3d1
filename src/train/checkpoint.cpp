#include "train/checkpoint.h"

#include <cstring>
#include <limits>
#include <type_traits>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

namespace mote::train {

namespace {

constexpr char kMagic[8] = {'M', 'O', 'T', 'E', 'C', 'K', 'P', 'T'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = sizeof(kMagic) + sizeof(kVersion) + sizeof(std::uint64_t);
constexpr std::uint64_t kLargestFile = 1ULL << 36;

// Both directions run through the same description (`transfer`), so that they cannot disagree.
class Writer {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void number(T& value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), from, from + sizeof value);
  }
  void raw(std::vector<std::byte>& data, std::size_t) { bytes.insert(bytes.end(), data.begin(), data.end()); }
  void text(std::string& value) {
    std::uint64_t size = value.size();
    number(size);
    const auto* from = reinterpret_cast<const std::byte*>(value.data());
    bytes.insert(bytes.end(), from, from + value.size());
  }
  template <class T>
  std::size_t extent(std::vector<T>& list) {
    std::uint64_t size = list.size();
    number(size);
    return list.size();
  }
  template <class T>
  bool present(std::optional<T>& value) {
    std::uint8_t flag = value ? 1 : 0;
    number(flag);
    return value.has_value();
  }
  std::vector<std::byte> bytes;
};

struct Damaged {
  const char* why;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}
  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void number(T& value) {
    const auto from = take(sizeof value);
    std::memcpy(&value, from.data(), sizeof value);
  }
  void raw(std::vector<std::byte>& data, std::size_t size) {
    const auto from = take(size);
    data.assign(from.begin(), from.end());
  }
  void text(std::string& value) {
    std::uint64_t size = 0;
    number(size);
    const auto from = take(size);
    value.assign(reinterpret_cast<const char*>(from.data()), from.size());
  }
  template <class T>
  std::size_t extent(std::vector<T>& list) {
    std::uint64_t size = 0;
    number(size);
    if (size > rest_.size()) throw Damaged{"it names more entries than it has bytes"};
    list.resize(size);
    return size;
  }
  template <class T>
  bool present(std::optional<T>& value) {
    std::uint8_t flag = 0;
    number(flag);
    value.reset();
    if (flag != 0) value.emplace();
    return flag != 0;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > rest_.size()) throw Damaged{"it ends too early"};
    const auto front = rest_.first(size);
    rest_ = rest_.subspan(size);
    return front;
  }
  std::span<const std::byte> rest_;
};

template <class Stream>
void transfer(Stream& stream, Score& score) {
  stream.number(score.loss);
  if (stream.present(score.accuracy)) stream.number(*score.accuracy);
}

template <class Stream>
void transfer(Stream& stream, EpochRecord& record) {
  stream.number(record.epoch);
  stream.number(record.step);
  transfer(stream, record.train);
  if (stream.present(record.valid)) transfer(stream, *record.valid);
  stream.number(record.rate);
  stream.number(record.samples_per_second);
  stream.number(record.seconds);
}

std::size_t payload_bytes(const SavedTensor& tensor) {
  constexpr std::uint64_t kMost = kLargestFile;
  std::uint64_t count = element_bytes(tensor.element);
  if (count == 0) throw Damaged{"a tensor has an unknown element type"};
  for (const std::int64_t dim : tensor.shape) {
    if (dim < 0 || (dim > 0 && count > kMost / static_cast<std::uint64_t>(dim)))
      throw Damaged{"a tensor has an impossible shape"};
    count *= static_cast<std::uint64_t>(dim);
  }
  return count;
}

template <class Stream>
void transfer(Stream& stream, SavedTensor& tensor) {
  stream.text(tensor.name);
  stream.number(tensor.element);
  const std::size_t rank = stream.extent(tensor.shape);
  for (std::size_t i = 0; i < rank; ++i) stream.number(tensor.shape[i]);
  stream.raw(tensor.bytes, payload_bytes(tensor));
}

template <class Stream>
void transfer(Stream& stream, Checkpoint& c) {
  for (auto* number :
       {&c.fingerprint, &c.epoch, &c.step, &c.sums.samples, &c.sums.correct, &c.best_epoch, &c.best_distance})
    stream.number(*number);
  for (auto* number : {&c.sums.loss, &c.seconds}) stream.number(*number);
  stream.extent(c.records);
  for (EpochRecord& record : c.records) transfer(stream, record);
  stream.extent(c.tensors);
  for (SavedTensor& tensor : c.tensors) transfer(stream, tensor);
}

template <class T>
T number_at(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

Checkpoint parse(std::span<const std::byte> file) {
  if (file.size() < kHeaderBytes || std::memcmp(file.data(), kMagic, sizeof kMagic) != 0)
    throw Damaged{"it is no checkpoint of a training run"};
  if (number_at<std::uint32_t>(file, sizeof kMagic) != kVersion)
    throw Damaged{"another version of mote wrote it"};
  const auto size = number_at<std::uint64_t>(file, sizeof kMagic + sizeof kVersion);
  if (file.size() - kHeaderBytes < sizeof(std::uint64_t) ||
      size != file.size() - kHeaderBytes - sizeof(std::uint64_t))
    throw Damaged{"its length is not what it says"};
  const auto body = file.subspan(kHeaderBytes, size);
  if (Hash64().bytes(body).value() != number_at<std::uint64_t>(file, kHeaderBytes + size))
    throw Damaged{"its bytes have changed since it was written"};
  Checkpoint checkpoint;
  Reader reader(body);
  transfer(reader, checkpoint);
  if (!reader.at_end()) throw Damaged{"it has bytes left over"};
  return checkpoint;
}

}  // namespace

std::size_t element_bytes(ElementType element) {
  switch (element) {
    case ElementType::Float32: return 4;
    case ElementType::Float64:
    case ElementType::Int64: return 8;
    case ElementType::Byte: return 1;
  }
  return 0;
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  Checkpoint copy = checkpoint;
  Writer body;
  transfer(body, copy);
  Writer file;
  for (char letter : kMagic) file.number(letter);
  std::uint32_t version = kVersion;
  file.number(version);
  std::uint64_t size = body.bytes.size();
  file.number(size);
  file.bytes.insert(file.bytes.end(), body.bytes.begin(), body.bytes.end());
  std::uint64_t hash = Hash64().bytes(body.bytes).value();
  file.number(hash);
  write_file(path, file.bytes, Durability::Disk);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  const auto file = read_file(path, kLargestFile);
  try {
    return parse(file);
  } catch (const Damaged& damaged) {
    throw UserError({"cannot resume from the checkpoint", path.string(), damaged.why,
                     "remove it and train from the start"});
  }
}

void remove_unfinished(const std::filesystem::path& path) {
  if (path.empty()) return;
  const std::string begin = path.filename().string() + ".tmp";  // as write_file names them
  std::error_code code;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  for (const auto& entry : std::filesystem::directory_iterator(folder, code))
    if (entry.path().filename().string().starts_with(begin)) std::filesystem::remove(entry.path(), code);
}

}  // namespace mote::train
