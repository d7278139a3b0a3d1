// libFuzzer target: any bytes give a graph or a UserError; what is read survives the exact clean-up, which
// verifies it.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "compress/pipelines.h"
#include "format/tflite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mote::Graph graph;
  try {
    graph = mote::read_tflite(std::as_bytes(std::span(data, size)), "fuzz.tflite");
  } catch (const mote::UserError&) {
    return 0;
  }
  mote::simplify(graph);  // may not fail on a legal graph
  return 0;
}
