#include "compress/import.h"

#include "base/file.h"
#include "compress/quantize/lower_qdq.h"
#include "format/onnx_reader.h"
#include "format/tflite.h"
#include "ir/text_form.h"
#include "ir/verify.h"
#include "ops/operator_list.h"

namespace mote {

namespace {

Graph read_model(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".tflite") return read_tflite(path);
  if (extension == ".onnx") return read_onnx(path);
  if (extension == ".mote") return parse(read_text_file(path), path.string(), make_operator);
  throw UserError({"cannot tell the format of the model", path.string(),
                   "its extension is '" + extension + "'", "give a .tflite, .onnx or .mote file"});
}

}  // namespace

Graph import_model(const std::filesystem::path& path, const ImportOptions& options) {
  Graph graph = read_model(path);
  verify_import(graph, path.string());
  if (options.observer) options.observer("read", graph);
  if (options.simplify) graph = simplify(graph, options.observer);
  if (!options.lower) return graph;
  graph = lower_qdq(graph);
  verify(graph, Stage::Mixed, "lower_qdq");
  if (options.observer) options.observer("lower_qdq", graph);
  return options.simplify ? simplify(graph, options.observer) : graph;
}

}  // namespace mote
