// Every model beside the repository: it imports, and the emitted C equals the oracle (byte for byte where the
// network is integer, within 1e-5 of the largest output where it is float); models with recurrent or custom
// operators give the error that names them.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "compress/import.h"
#include "emit/c.h"
#include "ir/verify.h"
#include "measure/host.h"
#include "measure/sample_input.h"
#include "run/interpreter.h"
#include "tests/support/random_inputs.h"

namespace mote {
namespace {

const std::filesystem::path kModels = std::filesystem::path(MOTE_SOURCE_DIR) / ".." / "shared" / "models";

std::vector<std::filesystem::path> models() {
  std::vector<std::filesystem::path> paths;
  std::error_code code;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kModels, code))
    if (entry.path().extension() == ".tflite" || entry.path().extension() == ".onnx")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The oracle runs the layers of the file, the emitted code is what the proofs leave of them.
void expect_equal_to_oracle(const Graph& graph) {
  const TemporaryFolder folder;
  const CompiledModel model(emit_c(make_plan(prepare_model(graph, {}).graph, load_target("host")),
                                   {.name = "net", .folder = folder.path()}));
  const auto inputs = sample_inputs(graph);
  std::vector<Bytes> bytes;
  for (const Tensor& t : inputs) bytes.emplace_back(t.bytes().begin(), t.bytes().end());
  const auto expected = interpret(graph, inputs);
  const auto outputs = model.run(bytes);
  ASSERT_EQ(outputs.size(), expected.size());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    EXPECT_EQ(testing::difference(expected[i], Tensor(expected[i].type(), outputs[i]), 1e-5,
                                  testing::largest_magnitude(expected[i])),
              "");
}

TEST(SharedModels, EmittedCodeEqualsTheOracle) {
  const auto paths = models();
  if (paths.empty()) GTEST_SKIP() << "the models are not beside the repository";
  std::size_t refused = 0;
  for (const auto& path : paths) {
    SCOPED_TRACE(path.filename().string());
    try {
      expect_equal_to_oracle(import_model(path));
    } catch (const UserError& error) {
      ++refused;
      const std::string text = error.what();
      EXPECT_TRUE(text.find("LSTM") != std::string::npos || text.find("SVDF") != std::string::npos ||
                  text.find("Signal") != std::string::npos)
          << text;
    }
  }
  EXPECT_EQ(refused, 8U);
}

}  // namespace
}  // namespace mote
