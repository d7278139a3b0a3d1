// Trains the small network of the demonstration on synth:glyphs and writes its weights.
//
//     train_glyphs OUTPUT.npz [EPOCHS]      (default 24 epochs, some minutes on one core)
//
// Input: 1 x 28 x 28 x 1, grey pixels scaled by 1/255 (0..1). Convolutions have no bias; those of 3x3 are
// padded by 1 on all four sides, those of 1x1 not. Each is followed by batch normalization (epsilon 1e-5) and
// ReLU:
//
//     stem  conv 3x3 stride 2      1 -> 16   14x14
//     dw1   depthwise 3x3 stride 1     16    14x14     pw1   conv 1x1   16 -> 32
//     dw2   depthwise 3x3 stride 2     32     7x7      pw2   conv 1x1   32 -> 48
//     dw3   depthwise 3x3 stride 1     48     7x7      pw3   conv 1x1   48 -> 48
//     global average pool over 7x7, then fc 48 -> 10 with bias: the logits of the digits 0..9
//
// Arrays written, all float32, N being one of the seven convolutions above:
//     N.weight  (output channels, height, width, input channels); depthwise: (channels, 3, 3, 1)
//     N.gamma N.beta N.mean N.variance  (output channels):
//         y = (x - mean) / sqrt(variance + 1e-5) * gamma + beta
//     fc.weight (10, 48), fc.bias (10)
//
// For comparison a linear softmax classifier is trained on the same pixels; the data set is meant to keep it
// under 85 %.
#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <string>
#include <vector>

#include "base/npy.h"
#include "data/glyphs.h"

namespace {

using mote::data::Split;

constexpr std::int64_t kSide = static_cast<std::int64_t>(mote::data::kGlyphSide);
constexpr std::int64_t kClasses = static_cast<std::int64_t>(mote::data::kGlyphClasses);
constexpr std::int64_t kBatch = 64;

struct Batch {
  torch::Tensor images;  // N,1,28,28 in 0..1
  torch::Tensor labels;  // N, int64
};

Batch load(Split split) {
  const mote::data::GlyphOptions options;
  std::vector<std::size_t> indices(options.counts[static_cast<std::size_t>(split)]);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  mote::data::Samples samples = mote::data::generate_glyphs(split, indices, options.seed);
  const auto count = static_cast<std::int64_t>(samples.count);
  const auto pixels = torch::from_blob(samples.pixels.data(), {count, 1, kSide, kSide}, torch::kUInt8);
  const auto labels = torch::from_blob(samples.labels.data(), {count}, torch::kInt32);
  return {pixels.to(torch::kFloat32) / 255.0, labels.to(torch::kInt64)};
}

struct ConvolutionImpl : torch::nn::Module {
  ConvolutionImpl(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                  std::int64_t groups)
      : conv(register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel)
                                                           .stride(stride)
                                                           .padding(kernel / 2)
                                                           .groups(groups)
                                                           .bias(false)))),
        norm(register_module("norm", torch::nn::BatchNorm2d(out))) {}
  torch::Tensor forward(const torch::Tensor& x) { return torch::relu(norm(conv(x))); }

  torch::nn::Conv2d conv;
  torch::nn::BatchNorm2d norm;
};
TORCH_MODULE(Convolution);

struct GlyphNetImpl : torch::nn::Module {
  GlyphNetImpl() : fc(register_module("fc", torch::nn::Linear(48, kClasses))) {
    add("stem", 1, 16, 3, 2, 1);
    add("dw1", 16, 16, 3, 1, 16);
    add("pw1", 16, 32, 1, 1, 1);
    add("dw2", 32, 32, 3, 2, 32);
    add("pw2", 32, 48, 1, 1, 1);
    add("dw3", 48, 48, 3, 1, 48);
    add("pw3", 48, 48, 1, 1, 1);
  }
  torch::Tensor forward(torch::Tensor x) {
    for (auto& [name, layer] : layers) x = layer(x);
    return fc(x.mean({2, 3}));
  }

  std::vector<std::pair<std::string, Convolution>> layers;
  torch::nn::Linear fc;

 private:
  void add(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t kernel,
           std::int64_t stride, std::int64_t groups) {
    layers.emplace_back(name, register_module(name, Convolution(in, out, kernel, stride, groups)));
  }
};
TORCH_MODULE(GlyphNet);

struct LinearNetImpl : torch::nn::Module {
  LinearNetImpl() : fc(register_module("fc", torch::nn::Linear(kSide * kSide, kClasses))) {}
  torch::Tensor forward(const torch::Tensor& x) { return fc(x.flatten(1)); }
  torch::nn::Linear fc;
};
TORCH_MODULE(LinearNet);

// Shifts all images of a batch by the same few pixels: cheap variety, new in every batch.
torch::Tensor shifted(const torch::Tensor& images) {
  const std::int64_t dy = torch::randint(-2, 3, {1}).item<std::int64_t>();
  const std::int64_t dx = torch::randint(-2, 3, {1}).item<std::int64_t>();
  return torch::roll(images, {dy, dx}, {2, 3});
}

template <class Net>
double accuracy(Net& net, const Batch& data) {
  const torch::NoGradGuard no_gradients;
  net->eval();
  std::int64_t right = 0;
  for (std::int64_t at = 0; at < data.labels.size(0); at += 500) {
    const auto logits = net->forward(data.images.slice(0, at, at + 500));
    right += logits.argmax(1).eq(data.labels.slice(0, at, at + 500)).sum().template item<std::int64_t>();
  }
  return static_cast<double>(right) / static_cast<double>(data.labels.size(0));
}

// Adam under one cosine cycle of the learning rate.
template <class Net>
void train(Net& net, const Batch& data, const Batch& valid, int epochs, double peak_rate, bool augment) {
  torch::optim::Adam optimizer(net->parameters(), torch::optim::AdamOptions(peak_rate).weight_decay(1e-5));
  const std::int64_t batches = data.labels.size(0) / kBatch;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    net->train();
    const torch::Tensor order = torch::randperm(data.labels.size(0));
    double loss_sum = 0;
    for (std::int64_t b = 0; b < batches; ++b) {
      const double done = (epoch + static_cast<double>(b) / static_cast<double>(batches)) / epochs;
      const double rate = peak_rate * std::min(1.0, done * 20 + 0.05) * 0.5 * (1 + std::cos(M_PI * done));
      static_cast<torch::optim::AdamOptions&>(optimizer.param_groups()[0].options()).lr(rate);
      const auto rows = order.slice(0, b * kBatch, (b + 1) * kBatch);
      const auto images = data.images.index_select(0, rows);
      const auto logits = net->forward(augment ? shifted(images) : images);
      const auto loss = torch::nn::functional::cross_entropy(logits, data.labels.index_select(0, rows));
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      loss_sum += loss.template item<double>();
    }
    std::printf("epoch %2d  loss %.4f  valid %.2f %%\n", epoch + 1, loss_sum / static_cast<double>(batches),
                100 * accuracy(net, valid));
    std::fflush(stdout);
  }
}

mote::NpyArray to_npy(const torch::Tensor& tensor) {
  const torch::Tensor dense = tensor.detach().contiguous().to(torch::kFloat32);
  return mote::npy_array<float>(
      {dense.sizes().begin(), dense.sizes().end()},
      std::span<const float>(dense.data_ptr<float>(), static_cast<std::size_t>(dense.numel())));
}

void save(const GlyphNet& net, const std::string& path) {
  mote::NpzArrays arrays;
  for (const auto& [name, layer] : net->layers) {
    arrays.emplace_back(name + ".weight", to_npy(layer->conv->weight.permute({0, 2, 3, 1})));
    arrays.emplace_back(name + ".gamma", to_npy(layer->norm->weight));
    arrays.emplace_back(name + ".beta", to_npy(layer->norm->bias));
    arrays.emplace_back(name + ".mean", to_npy(layer->norm->running_mean));
    arrays.emplace_back(name + ".variance", to_npy(layer->norm->running_var));
  }
  arrays.emplace_back("fc.weight", to_npy(net->fc->weight));
  arrays.emplace_back("fc.bias", to_npy(net->fc->bias));
  mote::write_npz(path, arrays);
}

void run(const std::string& output, int epochs) {
  torch::manual_seed(1);
  torch::set_num_threads(1);  // the same result on every machine
  const Batch training = load(Split::kTrain);
  const Batch valid = load(Split::kValid);
  const Batch test = load(Split::kTest);

  LinearNet linear;
  train(linear, training, valid, 12, 2e-3, false);
  std::printf("linear classifier: test %.2f %%\n", 100 * accuracy(linear, test));

  GlyphNet net;
  train(net, training, valid, epochs, 6e-3, true);
  std::printf("network: test %.2f %%\n", 100 * accuracy(net, test));
  save(net, output);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: train_glyphs OUTPUT.npz [EPOCHS]\n");
    return 2;
  }
  try {
    // OpenMP threads that spin while they wait starve whoever shares the cores; read before the first
    // parallel region.
    setenv("OMP_WAIT_POLICY", "passive", 0);
    run(argv[1], argc == 3 ? std::max(1, std::atoi(argv[2])) : 24);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
