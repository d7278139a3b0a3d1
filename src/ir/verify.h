// Legality of a graph, checked after every pass and after every import.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace mote {

// Float:     no quantized encoding, no Quant node. Plain integers (indices, masks) are allowed.
// Simulated: like Float, with Quant, BipolarQuant and Trunc nodes (the QONNX dialect).
// Integer:   reals only between a graph input and its Quantize, or between a Dequantize and a graph output.
// Mixed:     any legal combination; it runs and compiles, only without the promise of the integer law
// everywhere.
enum class Stage { Float, Simulated, Integer, Mixed };

std::string to_string(Stage stage);

// The strictest stage that the graph satisfies (a graph without any arithmetic counts by its encodings).
Stage stage_of(const Graph& graph);

// What is wrong with the graph, one sentence each; empty when it is legal at that stage.
std::vector<std::string> find_problems(const Graph& graph, Stage stage);

// For passes: an illegal result is a bug. `after` names the pass in the message.
void verify(const Graph& graph, Stage stage, const std::string& after);
// For readers: an illegal file is the user's. `file` names it in the message.
void verify_import(const Graph& graph, const std::string& file);

}  // namespace mote
