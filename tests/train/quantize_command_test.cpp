// mote quantize with a method that trains, as a user runs it.
#include <gtest/gtest.h>

#include "base/file.h"
#include "compress/import.h"
#include "ir/verify.h"
#include "ops/quant.h"
#include "tests/e2e/program.h"

namespace mote::testing {
namespace {

constexpr const char* kData = "synth:glyphs?train=512&test=64&valid=128";

class QuantizeCommand : public ::testing::Test {
 protected:
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  std::vector<std::string> arguments(const std::string& output, std::vector<std::string> more) const {
    std::vector<std::string> all{"quantize",  "zoo:cnn?width=4&resolution=12&channels=1",
                                 "--data",    kData,
                                 "-o",        file(output),
                                 "--epochs",  "2",
                                 "--batch",   "64",
                                 "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(QuantizeCommand, TrainsAndComparesTheThreeStages) {
  const auto json = mote_json(arguments(
      "out.onnx", {"--method", "lsq", "--weights", "4", "--activations", "4", "--layer", "layer2/conv=3/5"}));
  EXPECT_EQ(json.at("method"), "lsq");
  EXPECT_EQ(json.at("weights"), 4);
  EXPECT_EQ(json.at("activations"), 4);
  EXPECT_EQ(json.at("epochs"), 2);
  EXPECT_EQ(json.at("split"), "valid");
  EXPECT_EQ(json.at("samples"), 128);
  EXPECT_GE(json.at("agreement").get<double>(), 0.9);
  for (const char* stage : {"float", "simulated", "integer"}) {
    const double accuracy = json.at("accuracy").at(stage).get<double>();
    EXPECT_GE(accuracy, 0) << stage;
    EXPECT_LE(accuracy, 1) << stage;
  }
  const Graph simulated = import_model(file("out.onnx"), {.lower = false, .simplify = false, .observer = {}});
  EXPECT_EQ(stage_of(simulated), Stage::Simulated);
  std::multiset<float> bits;
  for (const Node& node : simulated.nodes())
    if (const auto* quant = node.as<Quant>()) bits.insert(quant->bits);
  EXPECT_EQ(bits.count(3), 1U);
  EXPECT_EQ(bits.count(5), 1U);
  EXPECT_EQ(bits.count(4), 2U) << "weights and input of the third layer";
  EXPECT_EQ(stage_of(import_model(file("out.onnx"))), Stage::Integer);
}

TEST_F(QuantizeCommand, TheSameSeedGivesTheSameBytesAndResumesFromItsCheckpoint) {
  const std::vector<std::string> method{"--method", "pact", "--activations", "3", "--quiet"};
  ASSERT_EQ(mote(arguments("a.mote", method)).exit_code, 0);
  ASSERT_EQ(mote(arguments("b.mote", method)).exit_code, 0);
  const std::string a = read_text_file(file("a.mote"));
  EXPECT_EQ(a, read_text_file(file("b.mote")));
  std::vector<std::string> resumed = method;
  resumed.push_back("--resume");  // everything is done already
  ASSERT_EQ(mote(arguments("b.mote", resumed)).exit_code, 0);
  EXPECT_EQ(a, read_text_file(file("b.mote")));
}

TEST_F(QuantizeCommand, WritesTheIntegerNetworkWhereAskedTo) {
  ASSERT_EQ(
      mote(arguments("int.mote", {"--method", "dorefa", "--weights", "3", "--integer", "--quiet"})).exit_code,
      0);
  EXPECT_EQ(stage_of(import_model(file("int.mote"), {.lower = false, .simplify = false, .observer = {}})),
            Stage::Integer);
}

TEST_F(QuantizeCommand, ListsItsMethodsAndExplainsWhatDoesNotFit) {
  const ProcessResult list = mote({"quantize", "--method", "list"});
  EXPECT_EQ(list.exit_code, 0);
  for (const char* name : {"lsq ", "pact ", "dorefa ", "percentile"})
    EXPECT_NE(list.output.find(name), std::string::npos) << name;
  const auto refused = [&](std::vector<std::string> more, const std::string& says) {
    const ProcessResult result = mote(arguments("x.onnx", std::move(more)));
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_NE(result.output.find(says), std::string::npos) << result.output;
  };
  refused({"--method", "lsq", "--weights", "1"}, "2 to 8 bits");
  refused({"--method", "lsq", "--layer", "stem=4/4"}, "stem");
  refused({"--method", "lsq", "--layer", "layer2/conv=44"}, "NAME=WEIGHTS/ACTIVATIONS");
  EXPECT_EQ(mote({"quantize", "zoo:cnn", "--method", "lsq"}).exit_code, 2);
}

}  // namespace
}  // namespace mote::testing
