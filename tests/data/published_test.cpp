// The public data sets beside the repository, where they are there.
#include <gtest/gtest.h>

#include <algorithm>

#include "data/dataset.h"
#include "tests/data/bytes.h"

namespace mote::data {
namespace {

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << (path) << " is not here"

std::vector<std::size_t> class_counts(const Samples& samples, std::size_t classes) {
  std::vector<std::size_t> counts(classes);
  for (const std::int32_t label : samples.labels) ++counts.at(static_cast<std::size_t>(label));
  return counts;
}

TEST(Published, Cifar10AsJpegs) {
  SKIP_WITHOUT(kShared / "cifar10-jpeg.tar.gz");
  const auto dataset = open_dataset((kShared / "cifar10-jpeg.tar.gz").string());
  EXPECT_EQ(dataset->info().counts, (std::array<std::size_t, 3>{50000, 0, 10000}));
  EXPECT_EQ(dataset->info().shape, (Shape{32, 32, 3}));
  EXPECT_EQ(dataset->info().class_names,
            (std::vector<std::string>{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse",
                                      "ship", "truck"}));
  const Samples test = dataset->load(Split::kTest);
  EXPECT_EQ(class_counts(test, 10), std::vector<std::size_t>(10, 1000));
  double sum = 0;
  for (const std::uint8_t pixel : test.pixels) sum += pixel;
  EXPECT_NEAR(sum / static_cast<double>(test.pixels.size()) / 255, 0.4733,
              0.01);  // the mean that its description gives
}

TEST(Published, Mnist) {
  SKIP_WITHOUT(kShared / "mnist");
  const auto dataset = open_dataset((kShared / "mnist").string());
  EXPECT_EQ(dataset->info().counts, (std::array<std::size_t, 3>{60000, 0, 10000}));
  const Samples test = dataset->load(Split::kTest);
  EXPECT_EQ(test.shape, (Shape{28, 28, 1}));
  EXPECT_EQ(class_counts(test, 10),
            (std::vector<std::size_t>{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}));
}

TEST(Published, SpokenDigits) {
  SKIP_WITHOUT(kShared / "fsdd.tar.gz");
  const auto dataset = open_dataset((kShared / "fsdd.tar.gz").string());
  EXPECT_EQ(dataset->info().counts, (std::array<std::size_t, 3>{2700, 0, 300}));
  EXPECT_EQ(dataset->info().sample_rate_hz, 8000);
  LoadOptions options;
  options.shape = {8000};
  const Samples test = dataset->load(Split::kTest, options);
  EXPECT_EQ(class_counts(test, 10), std::vector<std::size_t>(10, 30));
  EXPECT_LE(*std::max_element(test.values.begin(), test.values.end()), 1.0F);
}

TEST(Published, WakeWordFeatures) {
  SKIP_WITHOUT(kShared / "sww-mlperftiny-calibration.npz");
  const auto dataset =
      open_dataset((kShared / "sww-mlperftiny-calibration.npz").string() + "?valid=0&test=0");
  EXPECT_EQ(dataset->info().shape, (Shape{30, 1, 40}));
  EXPECT_EQ(class_counts(dataset->load(Split::kTrain), 3), std::vector<std::size_t>(3, 15));
}

TEST(Published, PaletteBitmap) {
  SKIP_WITHOUT(kShared / "tflm-samples" / "person.bmp");
  const Samples person = open_dataset((kShared / "tflm-samples" / "person.bmp").string())->load(Split::kTest);
  EXPECT_EQ(person.shape, (Shape{96, 96, 1}));
}

}  // namespace
}  // namespace mote::data
