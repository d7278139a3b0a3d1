// The seeds of one fuzz target, and damaged forms of them, through that target: it lets nothing but its
// UserErrors pass, so an exception, a failed check or a crash is the test's failure. Seeds that once made
// trouble stay in the corpus.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/rng.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace mote {
namespace {

using Bytes = std::vector<std::byte>;

// In the order of their names, so that the random damage is the same everywhere.
std::vector<Bytes> seeds() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(MOTE_CORPUS)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> files;
  for (const auto& path : paths) files.push_back(read_file(path));
  return files;
}

void feed(const Bytes& bytes, std::size_t size) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), size);
}

std::size_t below(Rng& rng, std::size_t count) {
  return static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(count) - 1));
}

TEST(Replay, EverySeed) {
  const auto files = seeds();
  ASSERT_FALSE(files.empty());
  for (const Bytes& file : files) feed(file, file.size());
}

// At every length of small seeds, at 300 spread over the larger ones.
TEST(Replay, CutOffSeeds) {
  constexpr std::size_t kCuts = 300;
  for (const Bytes& file : seeds())
    for (std::size_t size = 0; size < file.size(); size += 1 + file.size() / kCuts) feed(file, size);
}

// One to four bits flipped, or one byte replaced by an extreme.
TEST(Replay, FlippedBits) {
  constexpr int kRounds = 200;
  Rng rng(1);
  for (const Bytes& file : seeds()) {
    if (file.empty()) continue;
    for (int round = 0; round < kRounds; ++round) {
      Bytes damaged = file;
      if (rng.chance(0.2)) {
        damaged[below(rng, file.size())] = std::byte{0xff};
      } else {
        for (std::int64_t flips = rng.integer(1, 4); flips > 0; --flips)
          damaged[below(rng, file.size())] ^= static_cast<std::byte>(1 << rng.integer(0, 7));
      }
      feed(damaged, damaged.size());
    }
  }
}

}  // namespace
}  // namespace mote
