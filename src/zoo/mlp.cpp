// Fully-connected networks: a classifier with batch normalization, and an autoencoder.
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

namespace {

ValueId hidden_layer(Layers& l, ValueId x, std::int64_t units, const std::string& name) {
  return l.bn_relu(l.connected(x, units, name + "/fc", false), name);
}

}  // namespace

Graph build_mlp(const ZooSettings& s) {
  Layers l(s, s.image());
  ValueId x = l.flatten(l.input());
  for (std::int64_t layer = 1; layer <= s["depth"]; ++layer)
    x = hidden_layer(l, x, s["width"], "layer" + std::to_string(layer));
  return std::move(l).finish(l.connected(x, s["classes"], "classifier"));
}

Graph build_autoencoder(const ZooSettings& s) {
  Layers l(s, {1, s["features"]});
  ValueId x = l.input();
  for (int layer = 1; layer <= 4; ++layer)
    x = hidden_layer(l, x, s["width"], "encoder" + std::to_string(layer));
  x = hidden_layer(l, x, s["code"], "code");
  for (int layer = 1; layer <= 4; ++layer)
    x = hidden_layer(l, x, s["width"], "decoder" + std::to_string(layer));
  return std::move(l).finish(l.connected(x, s["features"], "reconstruction"));
}

}  // namespace mote::zoo
