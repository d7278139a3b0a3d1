// The whole flow through the program, on the example network that the repository ships.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/npy.h"
#include "tests/e2e/program.h"

namespace mote {
namespace {

using testing::mote;
using testing::mote_json;

const std::string kModel = MOTE_SOURCE_DIR "/examples/glyphs/glyphs.onnx";

class Flow : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  // The example, quantized to 8 bits.
  std::string quantized() const {
    const auto result = mote({"quantize", kModel, "--data", "synth:glyphs?train=64&test=16&valid=16",
                              "--calibrate", "50", "-q", "-o", path("int8.onnx")});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return path("int8.onnx");
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(Flow, InspectKnowsTheNetwork) {
  const auto json = mote_json({"inspect", kModel});
  EXPECT_EQ(json.at("stage"), "float");
  EXPECT_GT(json.at("macs").get<int>(), 100000);
  EXPECT_GE(json.at("peak_ram_bytes").get<int>(), json.at("peak_lower_bound_bytes").get<int>());
  for (const auto& layer : json.at("layers")) EXPECT_NE(layer.at("operator"), "BatchNormalization");
}

TEST_F(Flow, QuantizedNetworkKeepsItsAccuracy) {
  const std::string data = "synth:glyphs?train=64&test=1000&valid=16";
  const std::string int8 = quantized();
  const auto real = mote_json({"run", kModel, "--data", data});
  const auto integer = mote_json({"run", int8, "--data", data, "--check", "20"});
  EXPECT_GT(real.at("accuracy").get<double>(), 0.97);
  EXPECT_GT(integer.at("accuracy").get<double>(), real.at("accuracy").get<double>() - 0.01);
  EXPECT_EQ(integer.at("oracle").at("samples"), 20);
  EXPECT_EQ(integer.at("oracle").at("differing"), 0);
}

TEST_F(Flow, CompileAndMeasureAgree) {
  const std::string int8 = quantized();
  ASSERT_EQ(mote({"compile", int8, "--target", "cortex-m4", "-o", path("out"), "--name", "glyphs"}).exit_code,
            0);
  for (const char* file : {"glyphs.h", "glyphs.c", "main.c", "README.md", "CMakeLists.txt"})
    EXPECT_TRUE(std::filesystem::exists(path("out") + "/" + file)) << file;
  if (!find_program("qemu-system-arm")) GTEST_SKIP() << "qemu-system-arm is missing";
  const auto from_model = mote_json({"measure", int8, "--target", "cortex-m4"});
  const auto from_folder = mote_json({"measure", path("out"), "--target", "cortex-m4"});
  EXPECT_EQ(from_model.at("output_matches_oracle"), true);
  EXPECT_EQ(from_model.at("instructions"), from_folder.at("instructions"));
  std::uint64_t sum = 0;
  for (const auto& layer : from_model.at("layers")) sum += layer.at("instructions").get<std::uint64_t>();
  EXPECT_EQ(sum, from_model.at("instructions").get<std::uint64_t>());
  EXPECT_GT(from_model.at("flash").at("code_bytes").get<int>(), 0);
  EXPECT_GT(from_model.at("ram").at("stack_bytes").get<int>(), 0);
}

TEST_F(Flow, RunTakesAndGivesFiles) {
  const std::string int8 = quantized();
  std::vector<float> pixels(28 * 28);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 256);
  write_npy(path("x.npy"), npy_array<float>({1, 28, 28, 1}, pixels));
  ASSERT_EQ(mote({"run", int8, "--input", path("x.npy"), "--output", path("c.npy")}).exit_code, 0);
  ASSERT_EQ(
      mote({"run", int8, "--input", path("x.npy"), "--output", path("oracle.npy"), "--oracle"}).exit_code, 0);
  EXPECT_EQ(read_npy(path("c.npy")).bytes, read_npy(path("oracle.npy")).bytes);
}

TEST_F(Flow, TextFormAndOnnxAreTheSameNetwork) {
  const std::string int8 = quantized();
  ASSERT_EQ(mote({"convert", int8, "-o", path("net.mote")}).exit_code, 0);
  ASSERT_EQ(mote({"convert", path("net.mote"), "-o", path("again.onnx")}).exit_code, 0);
  std::vector<float> pixels(28 * 28, 100.0F);
  write_npy(path("x.npy"), npy_array<float>({1, 28, 28, 1}, pixels));
  std::vector<std::vector<std::byte>> outputs;
  for (const std::string& model : {int8, path("net.mote"), path("again.onnx")}) {
    ASSERT_EQ(mote({"run", model, "--oracle", "--input", path("x.npy"), "--output", path("y.npy")}).exit_code,
              0);
    outputs.push_back(read_npy(path("y.npy")).bytes);
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_EQ(outputs[0], outputs[2]);
}

TEST_F(Flow, EveryTargetMeasures) {
  const std::string int8 = quantized();
  for (const char* target : {"cortex-m0", "cortex-m3", "cortex-m7", "cortex-m33", "cortex-m55", "riscv32",
                             "aarch64", "aarch64-dotprod", "host"}) {
    const auto result = mote({"measure", int8, "--target", target, "--json", "-q"});
    if (result.exit_code == 2 && result.output.find("is not on PATH") != std::string::npos) continue;
    ASSERT_EQ(result.exit_code, 0) << target << "\n" << result.output;
    EXPECT_EQ(nlohmann::json::parse(result.output).at("output_matches_oracle"), true) << target;
  }
}

TEST_F(Flow, CompletionKnowsCommandsAndOptions) {
  const auto result = mote({"completion"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* word : {"inspect", "measure", "--target", "complete -o filenames"})
    EXPECT_NE(result.output.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace mote
