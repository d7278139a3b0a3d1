// Throughput of training: resnet8 on random CIFAR-shaped batches by a plain LibTorch loop and by mote's
// Network, float and with learned 4-bit quantizers. The loops take turns, batch by batch, and processor time
// is counted, so that other work on the machine weighs on all alike. Prints images per second of one thread
// and the ratio to the plain loop; then the whole trainer with flips and shifted crops, and what its reader
// alone prepares.
//
//   bench_training [ROUNDS] [BATCH]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "compress/quantize/insert_quantizers.h"
#include "train/loader.h"
#include "train/network.h"
#include "train/process.h"
#include "train/train.h"
#include "training/plain_resnet8.h"
#include "zoo/zoo.h"

namespace {

using mote::train::Network;

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Contestant {
  std::string name;
  std::function<torch::Tensor(bool training)> forward;
  std::vector<torch::Tensor> parameters;
  std::unique_ptr<torch::optim::SGD> optimizer = nullptr;
  std::vector<double> training{}, evaluation{};  // seconds per batch
};

void step(Contestant& c, const torch::Tensor& labels) {
  const double start = processor_seconds();
  c.optimizer->zero_grad();
  torch::nn::functional::cross_entropy(c.forward(true), labels).backward();
  c.optimizer->step();
  const double middle = processor_seconds();
  {
    const torch::NoGradGuard no_gradients;
    c.forward(false);
  }
  c.training.push_back(middle - start);
  c.evaluation.push_back(processor_seconds() - middle);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

Contestant plain(const std::string& name, const torch::Tensor& images) {
  mote::bench::Resnet8 module;
  return {name,
          [module, images](bool training) mutable {
            module->train(training);
            return module->forward(images);
          },
          module->parameters()};
}

Contestant by_mote(const std::string& name, const mote::Graph& graph, const torch::Tensor& images) {
  const auto network = std::make_shared<Network>(graph);
  network->initialize_quantizers(images);
  std::vector<torch::Tensor> parameters;
  for (const auto& p : network->parameters()) parameters.push_back(p.tensor);
  return {name, [network, images](bool training) { return network->forward(images, training); }, parameters};
}

// Samples per second of processor time that the reader prepares: flipped, shifted, normalized.
double reader_samples_per_second() {
  mote::data::Samples samples =
      mote::data::allocate_samples(mote::data::ElementKind::kImage, {32, 32, 3}, 20000);
  for (std::size_t i = 0; i < samples.pixels.size(); ++i)
    samples.pixels[i] = static_cast<std::uint8_t>(i * 37);
  mote::train::LoaderOptions options;
  options.shuffle = true;
  options.augmentation = mote::train::parse_augmentation("flip,shift-crop=4");
  const mote::data::Normalization normalization = mote::train::measured_normalization(samples);
  const double start = processor_seconds();
  mote::train::Loader loader(samples, normalization, options);
  mote::train::Batch batch;
  while (loader.next(batch)) continue;
  return static_cast<double>(samples.count) / (processor_seconds() - start);
}

// Processor seconds per batch of a whole run of the trainer, data reader and augmentation included.
double trainer_seconds(const mote::Graph& graph, std::int64_t batch) {
  constexpr std::size_t kBatches = 12;
  mote::data::Samples samples = mote::data::allocate_samples(mote::data::ElementKind::kImage, {32, 32, 3},
                                                             kBatches * static_cast<std::size_t>(batch));
  mote::Rng rng(1);
  for (auto& pixel : samples.pixels) pixel = static_cast<std::uint8_t>(rng.integer(0, 255));
  for (auto& label : samples.labels) label = static_cast<std::int32_t>(rng.integer(0, 9));
  mote::train::TrainOptions options;
  options.epochs = 1;
  options.batch = static_cast<std::size_t>(batch);
  options.threads = 1;
  options.augmentation = mote::train::parse_augmentation("flip,shift-crop=4");
  const double start = processor_seconds();
  mote::train::train(graph, {{samples, {}}, {}, mote::train::measured_normalization(samples)}, options);
  return (processor_seconds() - start) / kBatches;
}

}  // namespace

int main(int argc, char** argv) {
  mote::train::prepare_process(argv);
  mote::train::set_threads(1);
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  const std::int64_t batch = argc > 2 ? std::atoi(argv[2]) : 128;
  const torch::Tensor nchw = torch::randn({batch, 3, 32, 32});
  const torch::Tensor nhwc = nchw.permute({0, 2, 3, 1}).contiguous();
  const torch::Tensor labels = torch::randint(10, {batch}, at::kLong);
  const mote::Graph graph = mote::zoo_model("resnet8");
  mote::QuantizerPolicy policy;
  policy.bits = {4, 4};

  std::vector<Contestant> all;
  all.push_back(plain("plain", nchw));
  all.push_back(plain("plain, channels_last", nchw.contiguous(at::MemoryFormat::ChannelsLast)));
  all.push_back(by_mote("mote", graph, nhwc));
  all.push_back(by_mote("mote, lsq 4 bits", mote::insert_quantizers(graph, policy), nhwc));
  for (Contestant& c : all) {
    c.optimizer =
        std::make_unique<torch::optim::SGD>(c.parameters, torch::optim::SGDOptions(0.01).momentum(0.9));
    step(c, labels);
    c.training.clear();
    c.evaluation.clear();
  }
  Contestant trainer{"mote train, augmented", nullptr, {}};
  for (int round = 0; round < rounds; ++round) {
    for (Contestant& c : all) step(c, labels);
    if (round % 8 == 0) trainer.training.push_back(trainer_seconds(graph, batch));
  }

  const auto images_per_second = [&](const std::vector<double>& seconds) {
    return static_cast<double>(batch) / median(seconds);
  };
  all.push_back(std::move(trainer));
  for (const Contestant& c : all) {
    fmt::print("{:22} training {:6.0f} images/s, {:4.2f} of plain", c.name, images_per_second(c.training),
               median(all[0].training) / median(c.training));
    if (!c.evaluation.empty())
      fmt::print("; evaluation {:6.0f} images/s, {:4.2f}", images_per_second(c.evaluation),
                 median(all[0].evaluation) / median(c.evaluation));
    fmt::print("\n");
  }
  fmt::print("{:22} {:6.0f} images/s\n", "reader", reader_samples_per_second());
}
