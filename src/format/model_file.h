// Writes a graph as a model file, the format chosen by the extension.
#pragma once

#include <filesystem>

#include "ir/graph.h"

namespace mote {

// .onnx (float, or QDQ for integer graphs) or .mote (text form). Throws UserError for another extension, for
// what the format cannot express, and when the file cannot be written.
void write_model(const std::filesystem::path& path, const Graph& graph);

}  // namespace mote
