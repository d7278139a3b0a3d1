// LeNet-5 as it is trained today: rectifiers, maxima, every map of the second convolution connected to every
// one of the first. The padding of the first layer makes 28x28 images the 32x32 ones of the paper.
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

Graph build_lenet5(const ZooSettings& s) {
  Layers l(s, s.image());
  ValueId x = l.activation(l.conv(l.input(), 6, square(5), "c1", true), "c1/relu");
  x = l.pool(x, "MaxPool", square(2, 2, false), "s2");
  x = l.activation(l.conv(x, 16, square(5, 1, false), "c3", true), "c3/relu");
  x = l.flatten(l.pool(x, "MaxPool", square(2, 2, false), "s4"));
  x = l.activation(l.connected(x, 120, "c5"), "c5/relu");
  x = l.activation(l.connected(x, 84, "f6"), "f6/relu");
  return std::move(l).finish(l.connected(x, s["classes"], "classifier"));
}

}  // namespace mote::zoo
