// Residual networks for 32x32 images.
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

namespace {

// conv, conv, sum with the input (He et al. 2016, arXiv:1512.03385, figure 2). Where the shape changes the
// shortcut is a 1x1 convolution; `normalized`: with batch normalization, else with a bias.
ValueId basic_block(Layers& l, ValueId x, std::int64_t channels, std::int64_t stride, bool normalized,
                    const std::string& name) {
  ValueId y = l.conv_bn_relu(x, channels, square(3, stride), name + "/a");
  y = l.conv_bn(y, channels, square(3), name + "/b");
  if (stride != 1 || l.channels(x) != channels)
    x = normalized ? l.conv_bn(x, channels, square(1, stride), name + "/shortcut")
                   : l.conv(x, channels, square(1, stride), name + "/shortcut/conv", true);
  return l.activation(l.add(y, x, name + "/add"), name + "/relu");
}

Graph residual(const ZooSettings& s, std::int64_t blocks, bool normalized) {
  Layers l(s, s.image());
  const std::int64_t width = s["width"];
  ValueId x = l.conv_bn_relu(l.input(), width, square(3), "stem");
  for (std::int64_t stage = 0; stage < 3; ++stage)
    for (std::int64_t block = 0; block < blocks; ++block)
      x = basic_block(l, x, width << stage, stage > 0 && block == 0 ? 2 : 1, normalized,
                      "stage" + std::to_string(stage + 1) + "/block" + std::to_string(block + 1));
  return std::move(l).finish(l.connected(l.global_average(x), s["classes"], "classifier"));
}

}  // namespace

Graph build_resnet8(const ZooSettings& s) { return residual(s, 1, false); }

Graph build_resnet20(const ZooSettings& s) { return residual(s, 3, true); }

}  // namespace mote::zoo
