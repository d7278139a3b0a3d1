// libFuzzer target: any text gives a graph or a UserError; the graph can be judged and printed, and what is
// printed parses to the same graph.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "ops/operator_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mote::Graph graph;
  try {
    graph = mote::parse({reinterpret_cast<const char*>(data), size}, "fuzz.txt", mote::make_operator);
  } catch (const mote::UserError&) {
    return 0;
  }
  mote::find_problems(graph, mote::Stage::Mixed);
  MOTE_CHECK(mote::parse(mote::print(graph), "again.txt", mote::make_operator) == graph);
  return 0;
}
