// DenseNet-BC: each layer reads all maps before it in its block; bottlenecks of 4 k maps, transitions that
// halve the maps.
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

namespace {

ValueId dense_layer(Layers& l, ValueId x, std::int64_t growth, const std::string& name) {
  ValueId y = l.conv_bn_relu(l.bn_relu(x, name + "/a"), 4 * growth, kPoint, name + "/b");
  y = l.conv(y, growth, square(3), name + "/c/conv");
  return l.concat({x, y}, name + "/concat");
}

ValueId transition(Layers& l, ValueId x, const std::string& name) {
  x = l.conv(l.bn_relu(x, name), l.channels(x) / 2, kPoint, name + "/conv");
  return l.pool(x, "AveragePool", square(2, 2, false), name + "/pool");
}

}  // namespace

Graph build_densenet_bc(const ZooSettings& s) {
  const std::int64_t layers = (s["depth"] - 4) / 6;
  if (s["depth"] != 6 * layers + 4) s.refuse("depth", "it is not 6 n + 4", "give 22, 40, 100, 190, 250, ...");
  Layers l(s, s.image());
  ValueId x = l.conv(l.input(), 2 * s["growth"], square(3), "stem/conv");
  for (int block = 1; block <= 3; ++block) {
    const std::string name = "block" + std::to_string(block);
    for (std::int64_t layer = 1; layer <= layers; ++layer)
      x = dense_layer(l, x, s["growth"], name + "/layer" + std::to_string(layer));
    if (block < 3) x = transition(l, x, "transition" + std::to_string(block));
  }
  x = l.global_average(l.bn_relu(x, "head"));
  return std::move(l).finish(l.connected(x, s["classes"], "classifier"));
}

}  // namespace mote::zoo
