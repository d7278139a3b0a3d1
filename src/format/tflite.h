// Reader of TensorFlow Lite files (.tflite, schema version 3).
//
// The graph keeps the file's layout (NHWC), tensor names (as value names) and operator order; node names are
// the operator's name and index in the file ("conv_2d_3"). What has no operator of its own here is composed:
// fused activations become clamps, SAME padding explicit cells, STRIDED_SLICE a Slice and a Reshape. Open
// batch extents become 1, 64-bit integers 32-bit ones, float16 constants real ones. Integer weights of an
// operator that computes in real numbers ("hybrid" models) are dequantized, as a purely real interpreter
// does. Shape arithmetic on constants is folded.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "ir/graph.h"

namespace mote {

// Throws UserError for anything but a complete, legal model whose operators are all supported; it names the
// operator and its index. Memory and time are bounded by the size of the file, whatever it claims.
Graph read_tflite(const std::filesystem::path& path);
Graph read_tflite(std::span<const std::byte> file, const std::string& name);

}  // namespace mote
