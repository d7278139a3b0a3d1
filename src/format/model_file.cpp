#include "format/model_file.h"

#include "base/error.h"
#include "base/file.h"
#include "format/onnx_writer.h"
#include "ir/text_form.h"

namespace mote {

void write_model(const std::filesystem::path& path, const Graph& graph) {
  if (path.extension() == ".mote") return write_file(path, print(graph));
  if (path.extension() == ".onnx") return write_file(path, write_onnx(graph));
  throw UserError({"cannot tell the format to write", path.string(),
                   "its extension is neither .onnx nor .mote", "name the output OUT.onnx or OUT.mote"});
}

}  // namespace mote
