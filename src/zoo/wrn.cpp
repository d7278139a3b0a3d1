// Wide residual networks: normalization and rectifier before each convolution. Where the shape changes, the
// shortcut is a 1x1 convolution of the normalized input.
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

namespace {

ValueId wide_block(Layers& l, ValueId x, std::int64_t channels, std::int64_t stride,
                   const std::string& name) {
  const ValueId normalized = l.bn_relu(x, name + "/a");
  ValueId y = l.conv_bn_relu(normalized, channels, square(3, stride), name + "/b");
  y = l.conv(y, channels, square(3), name + "/c/conv");
  if (l.channels(x) != channels) x = l.conv(normalized, channels, square(1, stride), name + "/shortcut/conv");
  return l.add(y, x, name + "/add");
}

}  // namespace

Graph build_wrn(const ZooSettings& s) {
  const std::int64_t blocks = (s["depth"] - 4) / 6;
  if (s["depth"] != 6 * blocks + 4)
    s.refuse("depth", "it is not 6 n + 4", "give 10, 16, 22, 28, 34, 40, ...");
  Layers l(s, s.image());
  ValueId x = l.conv(l.input(), 16, square(3), "stem/conv");
  for (std::int64_t stage = 0; stage < 3; ++stage)
    for (std::int64_t block = 0; block < blocks; ++block)
      x = wide_block(l, x, (16 * s["width"]) << stage, stage > 0 && block == 0 ? 2 : 1,
                     "stage" + std::to_string(stage + 1) + "/block" + std::to_string(block + 1));
  x = l.global_average(l.bn_relu(x, "head"));
  return std::move(l).finish(l.connected(x, s["classes"], "classifier"));
}

}  // namespace mote::zoo
