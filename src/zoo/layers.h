// Layers with fresh weights, one call each: what the builders of the zoo are written in. Nodes and weights
// are named after the layer: "stem/conv", "stem/conv/weight", "stem/bn/gamma".
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "ir/patch.h"
#include "zoo/settings.h"

namespace mote::zoo {

struct Window {
  std::int64_t height = 3, width = 3, stride = 1;
  bool padded = true;  // (k - 1) / 2 before, k / 2 behind
};
constexpr Window square(std::int64_t extent, std::int64_t stride = 1, bool padded = true) {
  return {extent, extent, stride, padded};
}
constexpr Window kPoint = square(1);

class Layers {
 public:
  Layers(const ZooSettings& settings, Shape input);

  ValueId input() const { return input_; }
  const Shape& shape(ValueId x) const { return patch_.type(x).shape; }
  std::int64_t channels(ValueId x) const { return shape(x).back(); }

  ValueId conv(ValueId x, std::int64_t channels, const Window& window, const std::string& name,
               bool bias = false);
  ValueId depthwise(ValueId x, const Window& window, const std::string& name);
  ValueId connected(ValueId x, std::int64_t units, const std::string& name, bool bias = true);
  ValueId batch_norm(ValueId x, const std::string& name);
  ValueId activation(ValueId x, const std::string& name, const std::string& function = "Relu");
  ValueId add(ValueId a, ValueId b, const std::string& name);
  ValueId concat(const std::vector<ValueId>& parts, const std::string& name);
  // The channels in two halves.
  std::pair<ValueId, ValueId> halves(ValueId x, const std::string& name);
  ValueId reshape(ValueId x, Shape shape, const std::string& name);
  ValueId transpose(ValueId x, std::vector<std::int64_t> permutation, const std::string& name);
  ValueId flatten(ValueId x, const std::string& name = "flatten");  // [1,...] to [1,K]
  // function: "MaxPool" or "AveragePool". `partial`: a last window that does not fit whole counts too.
  ValueId pool(ValueId x, const std::string& function, const Window& window, const std::string& name,
               bool partial = false);
  ValueId global_average(ValueId x, const std::string& name = "pool");  // [1,H,W,C] to [1,C]

  // NAME/conv, NAME/bn, NAME/relu
  ValueId conv_bn(ValueId x, std::int64_t channels, const Window& window, const std::string& name);
  ValueId conv_bn_relu(ValueId x, std::int64_t channels, const Window& window, const std::string& name,
                       const std::string& function = "Relu");
  ValueId depthwise_bn(ValueId x, const Window& window, const std::string& name);
  ValueId depthwise_bn_relu(ValueId x, const Window& window, const std::string& name,
                            const std::string& function = "Relu");
  ValueId bn_relu(ValueId x, const std::string& name);

  Graph finish(ValueId output) &&;

 private:
  ValueId weights(Shape shape, std::int64_t fan_in, const std::string& name);
  ValueId vector(std::int64_t extent, float value, const std::string& name);

  Patch patch_;
  Rng rng_;
  ValueId input_;
};

}  // namespace mote::zoo
