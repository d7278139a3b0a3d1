#include "compress/import.h"

#include <algorithm>

#include "base/file.h"
#include "compress/quantize/lower_qdq.h"
#include "compress/quantize/lower_simulated.h"
#include "compress/simplify/drop_softmax.h"
#include "format/onnx_reader.h"
#include "format/tflite.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "ops/operator_list.h"
#include "zoo/zoo.h"

namespace mote {

namespace {

constexpr std::string_view kZoo = "zoo:";

Graph read_model(const std::filesystem::path& path) {
  if (path.native().starts_with(kZoo)) return zoo_model(path.native().substr(kZoo.size()));
  const std::string extension = path.extension().string();
  if (extension == ".tflite") return read_tflite(path);
  if (extension == ".onnx") return read_onnx(path);
  if (extension == ".mote") return parse(read_text_file(path), path.string(), make_operator);
  throw UserError({"cannot tell the format of the model", path.string(),
                   "its extension is '" + extension + "'",
                   "give a .tflite, .onnx or .mote file, or zoo:NAME"});
}

}  // namespace

Graph import_model(const std::filesystem::path& path, const ImportOptions& options) {
  Graph graph = read_model(path);
  verify_import(graph, path.string());
  if (options.observer) options.observer("read", graph);
  if (options.simplify) graph = simplify(graph, options.observer);
  return options.lower ? lower_imported(graph, options) : graph;
}

Graph lower_imported(const Graph& imported, const ImportOptions& options) {
  const bool simulated = std::any_of(imported.nodes().begin(), imported.nodes().end(),
                                     [](const Node& node) { return node.op->simulates_quantization(); });
  const std::string pass = simulated ? "lower_simulated" : "lower_qdq";
  const Graph graph = simulated ? lower_simulated(imported) : lower_qdq(imported);
  verify(graph, Stage::Mixed, pass);
  if (options.observer) options.observer(pass, graph);
  return options.simplify ? simplify(graph, options.observer) : graph;
}

PreparedModel prepare_model(const Graph& imported, const PrepareOptions& options,
                            const PassObserver& observer) {
  PreparedModel model{options.logits ? drop_softmax(imported) : imported, {}};
  if (options.logits) {
    verify(model.imported, stage_of(imported), "drop_softmax");
    if (observer) observer("drop_softmax", model.imported);
  }
  model.graph = options.simplify ? simplify_by_proof(model.imported, observer) : model.imported;
  return model;
}

std::int64_t total_macs(const Graph& graph) {
  std::int64_t macs = 0;
  for (const NodeId n : node_ids(graph))
    macs += graph.node(n).op->macs(graph.input_types(n), graph.output_types(n));
  return macs;
}

}  // namespace mote
