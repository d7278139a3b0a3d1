// The state of a training run in a file, from which it continues bit-exactly.
//
// Format, little-endian: the 8 bytes "MOTECKPT", u32 version, u64 length of the rest, the rest, u64 FNV-1a
// hash of the rest. The rest: fingerprint, epoch, step, counters, the records of finished epochs, tensors.
// A tensor is name, element type, extents, bytes. The file is written beside its place, flushed to the disk
// and renamed, so a kill leaves either the old or the new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "train/record.h"

namespace mote::train {

enum class ElementType : std::uint8_t { Float32 = 1, Float64, Int64, Byte };

struct SavedTensor {
  std::string name;
  ElementType element = ElementType::Float32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;
  bool operator==(const SavedTensor&) const = default;
};
std::size_t element_bytes(ElementType element);

struct Checkpoint {
  std::uint64_t fingerprint = 0;    // of everything that decides the result: graph, data, options
  std::uint64_t epoch = 0;          // epochs finished
  std::uint64_t step = 0;           // steps finished in the epoch after them
  EpochSums sums;                   // of these steps
  double seconds = 0;               // spent so far
  std::uint64_t best_epoch = 0;     // 1-based; 0: none yet
  std::uint64_t best_distance = 0;  // epochs since
  std::vector<EpochRecord> records;
  std::vector<SavedTensor> tensors;
  bool operator==(const Checkpoint&) const = default;
};

// Throws UserError when the disk refuses.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
// Throws UserError when the file is missing, damaged or no checkpoint.
Checkpoint read_checkpoint(const std::filesystem::path& path);

// Removes what a killed run had begun to write beside `path`. Does nothing for an empty path.
void remove_unfinished(const std::filesystem::path& path);

}  // namespace mote::train
