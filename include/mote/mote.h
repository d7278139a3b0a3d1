// mote as a library: load a model, look at it, evaluate it exactly, emit C for a device, measure it there.
//
//   #include <mote/mote.h>
//   mote::Model model = mote::Model::load("keyword.tflite");
//   mote::CompiledFiles files = model.compile("cortex-m4", "out", "kws");
//
// Everything that a user can mend (files, options, budgets) is thrown as a class derived from
// std::runtime_error whose what() says what, where, why and the remedy. A Model is an immutable value; copies
// are cheap and share all weights.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mote {

class Graph;

struct TensorFacts {
  std::string name;
  std::vector<std::int64_t> shape;
  std::string encoding;  // "f32", "s8", "u8", "s16", "s32", ...
  // real = scale * (q - zero_point); absent where the tensor is not quantized per tensor
  std::optional<float> scale;
  std::optional<std::int32_t> zero_point;
};

struct ModelFacts {
  std::string stage;  // "float", "simulated", "integer", "mixed"
  std::int64_t macs = 0, parameters = 0, weights_bytes = 0;
  std::int64_t peak_ram_bytes = 0, peak_lower_bound_bytes = 0;
  std::vector<TensorFacts> inputs, outputs;
};

struct CompiledFiles {
  std::string name;  // NAME.h, NAME.c in `folder`
  std::string folder;
  std::uint64_t arena_bytes = 0, weights_bytes = 0;
};

// What was not measured is absent.
struct MeasuredCost {
  std::optional<std::uint64_t> instructions;
  std::uint64_t code_bytes = 0, weights_bytes = 0, startup_bytes = 0;
  std::uint64_t arena_bytes = 0, static_bytes = 0;
  std::optional<std::uint64_t> stack_bytes;
  std::optional<double> estimated_seconds, estimated_energy_joules, measured_seconds;
};

class Model {
 public:
  // .tflite, .onnx, .mote (text form), or "zoo:NAME?key=value..." (docs/zoo.md).
  static Model load(const std::string& path);

  // .onnx (float, or QDQ for integer models) or .mote by extension.
  void save(const std::string& path) const;
  ModelFacts facts(const std::string& target = "cortex-m4") const;

  // Exact evaluation by the reference interpreter. One vector of real numbers per input, in C order; they are
  // quantized where the input is. Outputs come back as real numbers.
  std::vector<std::vector<float>> run(const std::vector<std::vector<float>>& inputs) const;

  // Integer model by post-training quantization; each calibration sample has one vector per input, as in
  // run().
  Model quantize(const std::vector<std::vector<std::vector<float>>>& calibration) const;

  // Emits C that aims at `optimize`: "speed", "balanced", "size" or "ram".
  CompiledFiles compile(const std::string& target, const std::string& folder, const std::string& name,
                        const std::string& optimize = "speed") const;
  // Compiles for the target, runs one inference there and reports its cost.
  MeasuredCost measure(const std::string& target, const std::string& optimize = "speed") const;

 private:
  explicit Model(std::shared_ptr<const Graph> graph) : graph_(std::move(graph)) {}
  std::shared_ptr<const Graph> graph_;
};

// Names of the devices that are part of mote.
std::vector<std::string> targets();

}  // namespace mote
