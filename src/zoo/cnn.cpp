// cnn: three convolutions with batch normalization, then the mean over the image and one connected layer. The
// small network of this project's own tables.
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

Graph build_cnn(const ZooSettings& s) {
  Layers l(s, s.image());
  const std::int64_t width = s["width"];
  ValueId x = l.conv_bn_relu(l.input(), width, square(3), "layer1");
  x = l.conv_bn_relu(x, 2 * width, square(3, 2), "layer2");
  x = l.conv_bn_relu(x, 4 * width, square(3, 2), "layer3");
  return std::move(l).finish(l.connected(l.global_average(x), s["classes"], "classifier"));
}

}  // namespace mote::zoo
