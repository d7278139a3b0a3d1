// Writes graphs as ONNX models.
//
// Float graphs become float models. Integer graphs become the QDQ form: every integer value is stored as
// integers between QuantizeLinear and DequantizeLinear, so that any ONNX runtime computes the same up to the
// rounding of the integer law; inputs and outputs keep their encodings, and reading the file back and
// lowering it gives the same integers. Image operators stand in NCHW as ONNX wants them; transposes are added
// only where the layout must change. Quant nodes are written in the QONNX dialect. Operator set 13, or the
// oldest newer one that has what the graph uses (20: Gelu, 21: 16- and 4-bit integers).
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "ir/graph.h"

namespace mote {

// Throw UserError for what ONNX cannot express (integers of 3, 5, 6 or 7 bits).
std::vector<std::byte> write_onnx(const Graph& graph);
void write_onnx(const Graph& graph, const std::filesystem::path& path);

}  // namespace mote
