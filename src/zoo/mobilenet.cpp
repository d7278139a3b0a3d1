// MobileNets: depthwise-separable convolutions; the second version with inverted residuals.
#include <algorithm>

#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

namespace {

struct Stage {
  std::int64_t channels, stride, repeats;
};
constexpr Stage kFirstVersion[] = {{64, 1, 1},  {128, 2, 1}, {128, 1, 1},  {256, 2, 1}, {256, 1, 1},
                                   {512, 2, 1}, {512, 1, 5}, {1024, 2, 1}, {1024, 1, 1}};

// The nearest multiple of 8 that is not less than 0.9 times the scaled number, at least 8: the rounding of
// the authors' code.
std::int64_t round_to_eights(double channels) {
  std::int64_t rounded = std::max<std::int64_t>(8, (static_cast<std::int64_t>(channels) + 4) / 8 * 8);
  if (static_cast<double>(rounded) < 0.9 * channels) rounded += 8;
  return rounded;
}

// Sandler et al. 2018, figure 4: expand, filter each channel, project without rectifier.
ValueId inverted_residual(Layers& l, ValueId x, std::int64_t channels, std::int64_t stride,
                          std::int64_t expansion, const std::string& name) {
  ValueId y = x;
  if (expansion != 1) y = l.conv_bn_relu(y, expansion * l.channels(x), kPoint, name + "/expand", "Relu6");
  y = l.depthwise_bn_relu(y, square(3, stride), name + "/depthwise", "Relu6");
  y = l.conv_bn(y, channels, kPoint, name + "/project");
  return stride == 1 && l.channels(x) == channels ? l.add(x, y, name + "/add") : y;
}

}  // namespace

Graph build_mobilenet_v1(const ZooSettings& s) {
  Layers l(s, s.image());
  const auto scaled = [&](std::int64_t channels) {
    return std::max<std::int64_t>(1,
                                  static_cast<std::int64_t>(s.real("width") * static_cast<double>(channels)));
  };
  ValueId x = l.conv_bn_relu(l.input(), scaled(32), square(3, 2), "stem");
  int block = 0;
  for (const Stage& stage : kFirstVersion)
    for (std::int64_t i = 0; i < stage.repeats; ++i) {
      const std::string name = "block" + std::to_string(++block);
      x = l.depthwise_bn_relu(x, square(3, stage.stride), name + "/depthwise");
      x = l.conv_bn_relu(x, scaled(stage.channels), kPoint, name + "/pointwise");
    }
  return std::move(l).finish(l.connected(l.global_average(x), s["classes"], "classifier"));
}

Graph build_mobilenet_v2(const ZooSettings& s) {
  struct Bottleneck : Stage {
    std::int64_t expansion;
  };
  static constexpr Bottleneck kBottlenecks[] = {{{16, 1, 1}, 1}, {{24, 2, 2}, 6}, {{32, 2, 3}, 6},
                                                {{64, 2, 4}, 6}, {{96, 1, 3}, 6}, {{160, 2, 3}, 6},
                                                {{320, 1, 1}, 6}};
  const double width = s.real("width");
  const auto scaled = [&](double channels) { return round_to_eights(width * channels); };
  Layers l(s, s.image());
  ValueId x = l.conv_bn_relu(l.input(), scaled(32), square(3, 2), "stem", "Relu6");
  int block = 0;
  for (const Bottleneck& stage : kBottlenecks)
    for (std::int64_t i = 0; i < stage.repeats; ++i)
      x = inverted_residual(l, x, scaled(static_cast<double>(stage.channels)), i == 0 ? stage.stride : 1,
                            stage.expansion, "block" + std::to_string(++block));
  x = l.conv_bn_relu(x, round_to_eights(std::max(width, 1.0) * 1280), kPoint, "head", "Relu6");
  return std::move(l).finish(l.connected(l.global_average(x), s["classes"], "classifier"));
}

}  // namespace mote::zoo
