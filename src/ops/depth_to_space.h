// DepthToSpace and SpaceToDepth on images x [N,H,W,C] with square blocks. Channel order of the deep side:
// "DCR" block row, block column, channel (TFLite, ONNX's default); "CRD" channel, block row, block column.
// The encoding passes through.
#pragma once

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/movement.h"

namespace mote {

struct DepthToSpace final : Described<DepthToSpace> {
  std::string function = "DepthToSpace";  // or "SpaceToDepth"
  std::int64_t block = 1;
  std::string mode = "DCR";  // or "CRD"

  static constexpr std::string_view kNames[] = {"DepthToSpace", "SpaceToDepth"};
  static constexpr std::string_view kName = "DepthToSpace";
  static void describe(auto& self, auto& field) {
    field("function", self.function);
    field("block", self.block);
    field("mode", self.mode);
  }
  std::string_view name() const override { return function; }

  std::vector<TensorType> infer(const InputTypes& inputs) const override;
  void check(const InputTypes& inputs, const OutputTypes& outputs) const override;
  void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const override;

  // Where the output elements stand in an input of this shape.
  movement::View view(const Shape& input) const;
};

Graph sample_depth_to_space(Rng& rng);
Graph sample_space_to_depth(Rng& rng);

}  // namespace mote
