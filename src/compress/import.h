// From a model file to a graph ready for planning: read, lower the QDQ form or simulated quantization to
// integers, simplify exactly, verify.
#pragma once

#include <filesystem>

#include "compress/pipelines.h"
#include "ir/graph.h"

namespace mote {

struct ImportOptions {
  bool lower = true;      // QDQ patterns and simulated quantization to integer operators
  bool simplify = true;   // exact passes
  PassObserver observer;  // sees the graph after reading ("read") and after every pass
};

// What a command compiles: the network as imported, and what proofs and wishes made of it.
struct PreparedModel {
  Graph imported;  // the oracle: with softmax dropped where asked for, otherwise the layers of the file
  Graph graph;     // gives the same outputs bit for bit
};
struct PrepareOptions {
  bool simplify = true;  // simplify_by_proof
  bool logits = false;   // drop_softmax
};
PreparedModel prepare_model(const Graph& imported, const PrepareOptions& options,
                            const PassObserver& observer = {});

// Multiply-accumulates of one inference.
std::int64_t total_macs(const Graph& graph);

// .tflite, .onnx, or .mote (the text form), or "zoo:NAME?key=value&..." (zoo/zoo.h). Throws UserError for
// anything that is not a legal model of these. What is trained is imported without lower and simplify, so
// that batch normalization stays.
Graph import_model(const std::filesystem::path& path, const ImportOptions& options = {});

// The second half of it: to integers, for a graph that was imported without `lower` and changed.
Graph lower_imported(const Graph& imported, const ImportOptions& options = {});

}  // namespace mote
