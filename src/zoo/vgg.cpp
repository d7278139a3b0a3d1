// Plain stacks of 3x3 convolutions with maxima between them.
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

namespace {

constexpr Window kHalve = square(2, 2, false);

// Two convolutions of this many channels.
ValueId pair(Layers& l, ValueId x, std::int64_t channels, bool padded, const std::string& name) {
  x = l.conv_bn_relu(x, channels, square(3, 1, padded), name + "/a");
  return l.conv_bn_relu(x, channels, square(3, 1, padded), name + "/b");
}

}  // namespace

Graph build_vgg_small(const ZooSettings& s) {
  Layers l(s, s.image());
  ValueId x = l.input();
  for (int stage = 0; stage < 3; ++stage) {
    const std::string name = "stage" + std::to_string(stage + 1);
    x = l.pool(pair(l, x, s["width"] << stage, true, name), "MaxPool", kHalve, name + "/pool");
  }
  return std::move(l).finish(l.connected(l.flatten(x), s["classes"], "classifier"));
}

Graph build_cnv(const ZooSettings& s) {
  Layers l(s, s.image());
  const std::int64_t width = s["width"];
  ValueId x = l.pool(pair(l, l.input(), width, false, "stage1"), "MaxPool", kHalve, "stage1/pool");
  x = l.pool(pair(l, x, 2 * width, false, "stage2"), "MaxPool", kHalve, "stage2/pool");
  x = l.flatten(pair(l, x, 4 * width, false, "stage3"));
  for (const char* name : {"fc1", "fc2"}) x = l.bn_relu(l.connected(x, 8 * width, name, false), name);
  return std::move(l).finish(l.connected(x, s["classes"], "classifier"));
}

}  // namespace mote::zoo
