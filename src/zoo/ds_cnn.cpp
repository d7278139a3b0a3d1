// DS-CNN: depthwise-separable keyword network on audio features [frames, bins, 1].
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

Graph build_ds_cnn(const ZooSettings& s) {
  Layers l(s, {1, s["frames"], s["bins"], 1});
  const std::int64_t width = s["width"];
  ValueId x = l.conv_bn_relu(l.input(), width, {10, 4, 2}, "stem");
  for (std::int64_t block = 1; block <= s["depth"]; ++block) {
    const std::string name = "block" + std::to_string(block);
    x = l.depthwise_bn_relu(x, square(3), name + "/depthwise");
    x = l.conv_bn_relu(x, width, kPoint, name + "/pointwise");
  }
  return std::move(l).finish(l.connected(l.global_average(x), s["classes"], "classifier"));
}

}  // namespace mote::zoo
