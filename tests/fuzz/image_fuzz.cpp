// libFuzzer target: any bytes decode to a picture or give a UserError.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "data/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const mote::data::Image image = mote::data::decode_image(std::as_bytes(std::span(data, size)), "fuzz");
    MOTE_CHECK(image.pixels.size() == image.height * image.width * image.channels);
  } catch (const mote::UserError&) {
  }
  return 0;
}
