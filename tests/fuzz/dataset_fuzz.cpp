// libFuzzer target: any bytes under the file names of the known kinds give samples or a UserError. The first
// byte chooses the name.
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "data/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mote::TemporaryFolder folder;
  constexpr std::array<const char*, 8> kNames = {"a-images-idx3-ubyte",
                                                 "a-images-idx3-ubyte.gz",
                                                 "test_batch.bin",
                                                 "a.npz",
                                                 "a.csv",
                                                 "a.wav",
                                                 "a.tar",
                                                 "a.zip"};
  if (size == 0) return 0;
  const auto path = folder.path() / kNames[data[0] % kNames.size()];
  mote::write_file(path, std::as_bytes(std::span(data + 1, size - 1)));
  try {
    const auto dataset = mote::data::open_dataset(path.string());
    for (const auto split : {mote::data::Split::kTrain, mote::data::Split::kTest}) {
      if (dataset->info().counts[static_cast<std::size_t>(split)] == 0) continue;
      const mote::data::Samples samples = dataset->load(split);
      MOTE_CHECK(samples.labels.size() == samples.count);
    }
  } catch (const mote::UserError&) {
  }
  std::filesystem::remove(path);
  return 0;
}
