// Builds the network that train.cpp describes from its weights and writes it as ONNX.
//
//     export_glyphs WEIGHTS.npz OUTPUT.onnx
//
// The network takes raw grey values 0..255: the scaling by 1/255 of the training goes into the first
// convolution.
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/npy.h"
#include "format/onnx_writer.h"
#include "ir/patch.h"
#include "ir/verify.h"
#include "ops/batch_normalization.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/reshape.h"
#include "ops/unary.h"

namespace {

using namespace mote;

class Exporter {
 public:
  explicit Exporter(const std::string& path) {
    for (auto& [name, array] : read_npz(path)) weights_[name] = std::move(array);
  }

  Graph build() {
    patch_.set_name("glyphs");
    ValueId x = patch_.add_input("image", {{1, 28, 28, 1}, Encoding::real(), {}});
    x = convolution(x, "stem", 2, 1.0F / 255);
    for (const auto& [name, stride] : {std::pair{"1", 1}, {"2", 2}, {"3", 1}}) {
      x = depthwise(x, std::string("dw") + name, stride);
      x = convolution(x, std::string("pw") + name, 1, 1);
    }
    Pool pool;
    pool.function = "AveragePool";
    pool.window = {7, 7};
    x = patch_.add(std::make_shared<Pool>(pool), {x}, "pool");
    Reshape flat;
    flat.shape = {1, 48};
    x = patch_.add(std::make_shared<Reshape>(flat), {x}, "flatten");
    x = patch_.add(std::make_shared<FullyConnected>(), {x, constant("fc.weight"), constant("fc.bias")}, "fc",
                   "logits");
    patch_.add_output(x);
    return std::move(patch_).apply();
  }

 private:
  ValueId constant(const std::string& name, float scale = 1) {
    const NpyArray& array = weights_.at(name);
    std::vector<float> values = array.as_float();
    for (float& v : values) v *= scale;
    return patch_.add_constant(name, Tensor::reals(array.shape, values));
  }

  ValueId normalized(ValueId x, const std::string& name) {
    BatchNormalization norm;
    norm.epsilon = 1e-5F;
    x = patch_.add(std::make_shared<BatchNormalization>(norm),
                   {x, constant(name + ".gamma"), constant(name + ".beta"), constant(name + ".mean"),
                    constant(name + ".variance")},
                   name + "_norm");
    return patch_.add(std::make_shared<Unary>(), {x}, name + "_relu");
  }

  ValueId convolution(ValueId x, const std::string& name, std::int64_t stride, float scale) {
    const std::int64_t pad = weights_.at(name + ".weight").shape.at(1) / 2;
    Conv2D conv;
    conv.stride = {stride, stride};
    conv.padding = {pad, pad, pad, pad};
    return normalized(
        patch_.add(std::make_shared<Conv2D>(conv), {x, constant(name + ".weight", scale)}, name), name);
  }

  // (channels, 3, 3, 1) in the file, (1, 3, 3, channels) in the graph
  ValueId depthwise(ValueId x, const std::string& name, std::int64_t stride) {
    const NpyArray& array = weights_.at(name + ".weight");
    const auto channels = static_cast<std::size_t>(array.shape.at(0));
    const std::vector<float> from = array.as_float();
    std::vector<float> to(from.size());
    const std::size_t taps = from.size() / channels;
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t t = 0; t < taps; ++t) to[t * channels + c] = from[c * taps + t];
    const ValueId w = patch_.add_constant(name + ".weight", Tensor::reals({1, 3, 3, array.shape[0]}, to));
    DepthwiseConv2D conv;
    conv.stride = {stride, stride};
    conv.padding = {1, 1, 1, 1};
    return normalized(patch_.add(std::make_shared<DepthwiseConv2D>(conv), {x, w}, name), name);
  }

  std::map<std::string, NpyArray> weights_;
  Patch patch_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: export_glyphs WEIGHTS.npz OUTPUT.onnx\n");
    return 2;
  }
  try {
    const Graph graph = Exporter(argv[1]).build();
    verify(graph, Stage::Float, "export");
    write_file(argv[2], write_onnx(graph));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
