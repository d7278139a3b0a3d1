// SqueezeNet: fire modules, no connected layer, no batch normalization. Version 1.0 is the paper's, 1.1 the
// authors' cheaper one.
#include "zoo/builders.h"
#include "zoo/layers.h"

namespace mote::zoo {

namespace {

ValueId conv_relu(Layers& l, ValueId x, std::int64_t channels, const Window& window,
                  const std::string& name) {
  return l.activation(l.conv(x, channels, window, name, true), name + "/relu");
}

// Iandola et al. 2016, figure 1.
ValueId fire(Layers& l, ValueId x, std::int64_t squeeze, const std::string& name) {
  const std::int64_t expand = 4 * squeeze;
  x = conv_relu(l, x, squeeze, kPoint, name + "/squeeze");
  const ValueId a = conv_relu(l, x, expand, kPoint, name + "/expand1");
  const ValueId b = conv_relu(l, x, expand, square(3), name + "/expand3");
  return l.concat({a, b}, name + "/concat");
}

}  // namespace

Graph build_squeezenet(const ZooSettings& s) {
  static constexpr std::int64_t kSqueeze[] = {16, 16, 32, 32, 48, 48, 64, 64};  // fire2 to fire9
  const double version = s.real("version");
  if (version != 1.0 && version != 1.1) s.refuse("version", "there is none", "give 1.0 or 1.1");
  const bool first = version == 1.0;
  Layers l(s, s.image());
  const auto shrink = [&](ValueId x, int after) {
    return l.pool(x, "MaxPool", square(3, 2, false), "pool" + std::to_string(after), true);
  };
  ValueId x = first ? conv_relu(l, l.input(), 96, square(7, 2, false), "conv1")
                    : conv_relu(l, l.input(), 64, square(3, 2, false), "conv1");
  x = shrink(x, 1);
  for (int i = 2; i <= 9; ++i) {
    x = fire(l, x, kSqueeze[i - 2], "fire" + std::to_string(i));
    if (first ? i == 4 || i == 8 : i == 3 || i == 5) x = shrink(x, i);
  }
  return std::move(l).finish(l.global_average(conv_relu(l, x, s["classes"], kPoint, "conv10")));
}

}  // namespace mote::zoo
