// mote train as a user meets it.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/npy.h"
#include "tests/e2e/program.h"

namespace mote::train {
namespace {

using testing::mote;
using testing::mote_json;

const std::string kGlyphs = "synth:glyphs?train=300&valid=60&test=60";

class TrainCommand : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::vector<std::string> arguments(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"train",     "zoo:lenet5", "--data",  kGlyphs,
                                      "--epochs",  "2",          "--batch", "50",
                                      "--threads", "1",          "-o",      path("net.onnx")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(TrainCommand, WritesAModelThatRunAgreesWith) {
  const auto json = mote_json(arguments({"--rate", "0.05", "--test", "--log", path("log.csv")}));
  EXPECT_EQ(json.at("epochs"), 2);
  EXPECT_EQ(json.at("train_samples"), 300);
  EXPECT_GT(json.at("images_per_second").get<double>(), 0);
  // The emitted C, fed as the network was trained, says the same.
  const auto run = mote_json(
      {"run", path("net.onnx"), "--data", kGlyphs, "--normalize", json.at("normalize").get<std::string>()});
  EXPECT_NEAR(run.at("accuracy").get<double>(), json.at("accuracy").at("test").get<double>(), 1e-9);
  EXPECT_EQ(read_text_file(path("log.csv")).substr(0, 6), "epoch,");
  const auto again = mote_json(arguments({"--rate", "0.05", "--test", "--resume"}));
  EXPECT_EQ(again.at("resumed_epochs"), 2);
  EXPECT_EQ(again.at("accuracy"), json.at("accuracy"));
}

TEST_F(TrainCommand, RegressesTargetsFromAFile) {
  std::vector<float> x, y;
  for (int i = 0; i < 400; ++i) {
    x.push_back(static_cast<float>(i % 20) / 10 - 1);
    y.push_back(3 * x.back() - 1);
  }
  write_npy(path("x.npy"), npy_array<float>({400, 1}, x));
  write_npy(path("y.npy"), npy_array<float>({400, 1}, y));
  const auto json = mote_json({"train", "zoo:mlp?width=8&depth=1&classes=1&resolution=1&channels=1", "--data",
                               path("x.npy"), "--targets", path("y.npy"), "--epochs", "15", "--batch", "10",
                               "--rate", "0.03", "--threads", "1", "-o", path("line.mote")});
  EXPECT_EQ(json.at("train_samples"), 360);
  EXPECT_EQ(json.at("valid_samples"), 40);
  EXPECT_LT(json.at("loss").at("valid").get<double>(), 0.1);  // the targets have variance 3
  EXPECT_TRUE(json.at("accuracy").at("valid").is_null());
}

TEST_F(TrainCommand, ErrorsNameTheRemedy) {
  const auto refused = [&](std::vector<std::string> more, const std::string& word) {
    const auto result = mote(arguments(std::move(more)));
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_NE(result.output.find(word), std::string::npos) << result.output;
  };
  refused({"--optimizer", "lion"}, "sgd, adam, adamw");
  refused({"--schedule", "linear"}, "one-cycle");
  refused({"--augment", "rotate"}, "shift-crop");
  refused({"--loss", "hinge"}, "cross-entropy");
  refused({"--valid", "1.5"}, "below 1");
  refused({"--warm-up", "5"}, "warm-up");
  refused({"--targets", path("none.npy")}, "does not exist");
  refused({"--valid", "0", "--patience", "3"}, "validation");
  refused({"--rate", "1e30", "--schedule", "constant"}, "diverged");
  write_file(path("net.onnx.checkpoint"), "broken");
  refused({"--resume"}, "no checkpoint");
  const auto result =
      mote({"train", MOTE_SOURCE_DIR "/examples/glyphs/none.onnx", "--data", kGlyphs, "-o", path("x.onnx")});
  EXPECT_EQ(result.exit_code, 2);
}

}  // namespace
}  // namespace mote::train
