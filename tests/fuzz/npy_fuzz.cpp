// libFuzzer target: .npy and .npz from any bytes give arrays or a UserError, and arrays survive a round trip.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "base/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const mote::NpyArray array = mote::parse_npy(bytes, "fuzz.npy");
    const mote::NpyArray back = mote::parse_npy(mote::format_npy(array), "again.npy");
    MOTE_CHECK(back.shape == array.shape && back.bytes == array.bytes);
  } catch (const mote::UserError&) {
  }
  try {
    mote::parse_npz(bytes, "fuzz.npz");
  } catch (const mote::UserError&) {
  }
  return 0;
}
