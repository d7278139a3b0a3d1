// Writes the large networks of the benchmarks: ResNet-18 and MobileNetV2 for 224x224 images, with random
// weights, as FOLDER/NAME_f32.onnx and, quantized to 8 bits on a random image, FOLDER/NAME_int8.onnx and,
// with unsigned activations, FOLDER/NAME_u8s8.onnx.
//
//   bench_large_networks FOLDER
#include <cmath>
#include <cstdio>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "compress/quantize/quantize_post_training.h"
#include "format/model_file.h"
#include "ir/patch.h"
#include "ops/binary.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/reshape.h"

namespace mote {
namespace {

constexpr float kNone = std::numeric_limits<float>::infinity();

// A network under construction: batch normalization is folded already, activations are fused.
class Network {
 public:
  Network(std::string name, Shape input) {
    patch_.set_name(std::move(name));
    at = patch_.add_input("image", {std::move(input), Encoding::real(), {}});
  }

  void conv(std::int64_t channels, std::int64_t size, std::int64_t stride, float high = kNone,
            float low = 0) {
    Conv2D op;
    op.stride = {stride, stride};
    op.padding = {size / 2, size / 2, size / 2, size / 2};
    op.clamp_min = low;
    op.clamp_max = high;
    add(std::move(op), {channels, size, size, patch_.type(at).shape[3]}, channels);
  }
  void linear_conv(std::int64_t channels, std::int64_t size, std::int64_t stride) {
    conv(channels, size, stride, kNone, -kNone);
  }
  void depthwise(std::int64_t stride, float high) {
    DepthwiseConv2D op;
    op.stride = {stride, stride};
    op.padding = {1, 1, 1, 1};
    op.clamp_min = 0;
    op.clamp_max = high;
    const std::int64_t channels = patch_.type(at).shape[3];
    add(std::move(op), {1, 3, 3, channels}, channels);
  }
  void add_residual(ValueId other, float low) {
    Binary op;
    op.clamp_min = low;
    at = patch_.add(std::make_shared<Binary>(op), {at, other});
  }
  void pool(const char* function, std::int64_t size, std::int64_t stride, std::int64_t padding) {
    Pool op;
    op.function = function;
    op.window = {size, size};
    op.stride = {stride, stride};
    op.padding = {padding, padding, padding, padding};
    at = patch_.add(std::make_shared<Pool>(op), {at});
  }
  Graph classify(std::int64_t classes) {
    const Shape& shape = patch_.type(at).shape;
    const std::int64_t channels = shape[3];
    pool("AveragePool", shape[1], 1, 0);
    Reshape flat;
    flat.shape = {1, channels};
    at = patch_.add(std::make_shared<Reshape>(flat), {at});
    add(FullyConnected(), {classes, channels}, classes);
    patch_.add_output(at);
    return std::move(patch_).apply();
  }

  ValueId at;  // the newest value

 private:
  // Weights of the variance that keeps that of the activations.
  template <class Op>
  void add(Op op, const Shape& w, std::int64_t channels) {
    const std::int64_t count = std::accumulate(w.begin(), w.end(), std::int64_t{1}, std::multiplies<>());
    const double deviation = std::sqrt(2.0 * static_cast<double>(channels) / static_cast<double>(count));
    std::vector<float> weights(static_cast<std::size_t>(count));
    std::vector<float> bias(static_cast<std::size_t>(channels));
    for (float& v : weights) v = static_cast<float>(rng_.normal() * deviation);
    for (float& v : bias) v = static_cast<float>(rng_.normal() * 0.1);
    const std::string number = std::to_string(++layers_);
    at = patch_.add(std::make_shared<Op>(std::move(op)),
                    {at, patch_.add_constant("weights_" + number, Tensor::reals(w, weights)),
                     patch_.add_constant("bias_" + number, Tensor::reals({channels}, bias))},
                    "layer_" + number);
  }

  Patch patch_;
  Rng rng_{18};
  int layers_ = 0;
};

// He, Zhang, Ren, Sun: Deep residual learning for image recognition (CVPR 2016), 18 layers.
Graph resnet18() {
  Network net("resnet18", {1, 224, 224, 3});
  net.conv(64, 7, 2);
  net.pool("MaxPool", 3, 2, 1);
  for (const std::int64_t channels : {64, 128, 256, 512})
    for (int block = 0; block < 2; ++block) {
      const std::int64_t stride = block == 0 && channels > 64 ? 2 : 1;
      const ValueId input = net.at;
      ValueId shortcut = input;
      if (stride == 2) {
        net.linear_conv(channels, 1, 2);
        shortcut = std::exchange(net.at, input);
      }
      net.conv(channels, 3, stride);
      net.linear_conv(channels, 3, 1);
      net.add_residual(shortcut, 0);
    }
  return net.classify(1000);
}

// Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2 (CVPR 2018).
Graph mobilenet_v2() {
  struct Stage {
    std::int64_t expansion, channels, blocks, stride;
  };
  Network net("mobilenet_v2", {1, 224, 224, 3});
  net.conv(32, 3, 2, 6);
  std::int64_t inputs = 32;
  for (const Stage s : {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
                        Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}})
    for (std::int64_t block = 0; block < s.blocks; ++block) {
      const ValueId input = net.at;
      const std::int64_t stride = block == 0 ? s.stride : 1;
      if (s.expansion > 1) net.conv(inputs * s.expansion, 1, 1, 6);
      net.depthwise(stride, 6);
      net.linear_conv(s.channels, 1, 1);
      if (stride == 1 && inputs == s.channels) net.add_residual(input, -kNone);
      inputs = s.channels;
    }
  net.conv(1280, 1, 1, 6);
  return net.classify(1000);
}

// The same network with unsigned activations, which other runtimes multiply faster.
Graph with_unsigned_activations(const Graph& graph) {
  Patch patch(graph);
  for (std::uint32_t i = 0; i < graph.values().size(); ++i) {
    TensorType type = graph.type(ValueId{i});
    const Encoding& e = type.encoding;
    if (graph.constant(ValueId{i}) || !e.is_quantized() || !e.is_signed()) continue;
    type.encoding = Encoding::affine(8, false, e.scale(), e.zero_point() + 128);
    patch.set_type(ValueId{i}, type);
  }
  return std::move(patch).apply();
}

void write(const std::filesystem::path& folder, const Graph& graph) {
  const TensorType& type = graph.type(graph.inputs()[0]);
  std::vector<float> image(static_cast<std::size_t>(type.elements()));
  Rng rng(7);
  for (float& v : image) v = static_cast<float>(rng.normal());
  write_model(folder / (graph.name() + "_f32.onnx"), graph);
  const Graph quantized = quantize_with_samples(graph, {{Tensor::reals(type.shape, image)}}, {});
  write_model(folder / (graph.name() + "_int8.onnx"), quantized);
  write_model(folder / (graph.name() + "_u8s8.onnx"), with_unsigned_activations(quantized));
}

}  // namespace
}  // namespace mote

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_large_networks FOLDER\n");
    return 2;
  }
  try {
    mote::make_folder(argv[1]);
    for (const mote::Graph& graph : {mote::resnet18(), mote::mobilenet_v2()}) mote::write(argv[1], graph);
    return 0;
  } catch (const mote::UserError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
