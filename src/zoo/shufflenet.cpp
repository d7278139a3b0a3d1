// ShuffleNet V2: half of the channels pass each unit untouched; a shuffle mixes the halves.
#include <array>

#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

namespace {

// Channel i of one half and channel i of the other become neighbours.
ValueId shuffle(Layers& l, ValueId x, const std::string& name) {
  const Shape shape = l.shape(x);
  x = l.reshape(x, {shape[0], shape[1], shape[2], 2, shape[3] / 2}, name + "/halves");
  x = l.transpose(x, {0, 1, 2, 4, 3}, name + "/exchange");
  return l.reshape(x, shape, name + "/join");
}

ValueId branch(Layers& l, ValueId x, std::int64_t channels, std::int64_t stride, const std::string& name) {
  x = l.conv_bn_relu(x, channels, kPoint, name + "/first");
  x = l.depthwise_bn(x, square(3, stride), name + "/depthwise");
  return l.conv_bn_relu(x, channels, kPoint, name + "/second");
}

// Ma et al. 2018, figure 3 (c) and (d).
ValueId unit(Layers& l, ValueId x, const std::string& name) {
  const auto [kept, changed] = l.halves(x, name + "/split");
  const ValueId y = branch(l, changed, l.channels(changed), 1, name);
  return shuffle(l, l.concat({kept, y}, name + "/concat"), name + "/shuffle");
}

ValueId spatial_unit(Layers& l, ValueId x, std::int64_t channels, const std::string& name) {
  ValueId shortcut = l.depthwise_bn(x, square(3, 2), name + "/shortcut/depthwise");
  shortcut = l.conv_bn_relu(shortcut, channels / 2, kPoint, name + "/shortcut/pointwise");
  const ValueId y = branch(l, x, channels / 2, 2, name);
  return shuffle(l, l.concat({shortcut, y}, name + "/concat"), name + "/shuffle");
}

struct Size {
  double width;
  std::array<std::int64_t, 4> channels;  // stages 2, 3, 4, head
};
constexpr Size kSizes[] = {{0.5, {48, 96, 192, 1024}},
                           {1.0, {116, 232, 464, 1024}},
                           {1.5, {176, 352, 704, 1024}},
                           {2.0, {244, 488, 976, 2048}}};

const Size& size_of(const ZooSettings& s) {
  for (const Size& size : kSizes)
    if (size.width == s.real("width")) return size;
  s.refuse("width", "the paper has no such size", "give 0.5, 1, 1.5 or 2");
}

}  // namespace

Graph build_shufflenet_v2(const ZooSettings& s) {
  static constexpr int kRepeats[] = {4, 8, 4};
  const Size& size = size_of(s);
  Layers l(s, s.image());
  ValueId x = l.conv_bn_relu(l.input(), 24, square(3, 2), "stem");
  x = l.pool(x, "MaxPool", square(3, 2), "stem/pool");
  for (std::size_t stage = 0; stage < 3; ++stage)
    for (int i = 1; i <= kRepeats[stage]; ++i) {
      const std::string name = "stage" + std::to_string(stage + 2) + "/unit" + std::to_string(i);
      x = i == 1 ? spatial_unit(l, x, size.channels[stage], name) : unit(l, x, name);
    }
  x = l.conv_bn_relu(x, size.channels[3], kPoint, "head");
  return std::move(l).finish(l.connected(l.global_average(x), s["classes"], "classifier"));
}

}  // namespace mote::zoo
