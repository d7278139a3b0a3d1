// The ONNX reader, lowering and the exact passes on arbitrary bytes: every input gives a graph or one
// UserError.
#include <cstddef>
#include <cstdint>
#include <span>

#include "compress/pipelines.h"
#include "compress/quantize/lower_qdq.h"
#include "format/onnx_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto bytes = std::as_bytes(std::span(data, size));
    mote::simplify(mote::lower_qdq(mote::read_onnx(bytes, "fuzz.onnx")));
  } catch (const mote::UserError&) {
  }
  return 0;
}
