// From a model file to a graph ready for planning: read, lower the QDQ form to integers, simplify exactly,
// verify.
#pragma once

#include <filesystem>

#include "compress/pipelines.h"
#include "ir/graph.h"

namespace mote {

struct ImportOptions {
  bool lower = true;      // QDQ patterns to integer operators
  bool simplify = true;   // exact passes
  PassObserver observer;  // sees the graph after reading ("read") and after every pass
};

// .tflite, .onnx, or .mote (the text form). Throws UserError for anything that is not a legal model of these.
Graph import_model(const std::filesystem::path& path, const ImportOptions& options = {});

}  // namespace mote
