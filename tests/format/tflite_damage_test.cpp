// What is no good TensorFlow Lite file gives one UserError that names the trouble; never a crash, never much
// memory.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/rng.h"
#include "format/tflite.h"
#include "tests/format/tflite_writer.h"

namespace mote {
namespace {

using test::TfliteFile;

const std::filesystem::path kCorpus = std::filesystem::path(MOTE_SOURCE_DIR) / "tests/fuzz/corpus/tflite";
const std::filesystem::path kModels = std::filesystem::path(MOTE_SOURCE_DIR) / "../shared/models";

// The error's text; empty when the file is read.
std::string error_of(const std::vector<std::byte>& bytes) {
  try {
    read_tflite(bytes, "damaged.tflite");
  } catch (const UserError& e) {
    EXPECT_FALSE(e.parts().what.empty());
    EXPECT_NE(e.parts().where.find("damaged.tflite"), std::string::npos) << e.what();
    EXPECT_FALSE(e.parts().remedy.empty()) << e.what();
    return e.what();
  }
  return {};
}

std::string error_of(const TfliteFile& file) { return error_of(test::write_tflite(file)); }

void expect_mention(const std::string& error, const std::string& text) {
  EXPECT_NE(error.find(text), std::string::npos) << "'" << text << "' is missing in: " << error;
}

// relu of 2x3
TfliteFile relu() {
  TfliteFile file;
  file.tensors = {{{2, 3}}, {{2, 3}}};
  file.operators = {{19, {0}, {1}}};
  file.inputs = {0};
  file.outputs = {1};
  return file;
}

std::vector<std::vector<std::byte>> corpus() {
  std::vector<std::vector<std::byte>> files;
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus))
    files.push_back(read_file(entry.path()));
  return files;
}

TEST(TfliteDamage, NamesOperatorsThatAreNotSupported) {
  auto file = relu();
  EXPECT_EQ(error_of(file), "");
  file.operators[0].code = 44;
  expect_mention(error_of(file), "operator 0 (UNIDIRECTIONAL_SEQUENCE_LSTM)");
  expect_mention(error_of(file), "recurrent operators are not supported yet");
  file.operators[0].code = 48;
  expect_mention(error_of(file), "TOPK_V2");
  file.operators[0].code = 9999;
  expect_mention(error_of(file), "code 9999");
  file.operators[0] = {.code = 32, .inputs = {0}, .outputs = {1}, .custom_name = "MyOp"};
  expect_mention(error_of(file), "custom operator MyOp");
}

TEST(TfliteDamage, RefusesWhatIsNoModel) {
  expect_mention(error_of(std::vector<std::byte>{}), "empty");
  expect_mention(error_of(std::vector<std::byte>(100)), "TFL3");
  auto file = relu();
  file.version = 2;
  expect_mention(error_of(file), "version");
  file = relu();
  file.outputs = {};
  expect_mention(error_of(file), "no output");
}

TEST(TfliteDamage, RefusesCyclesAndUnknownTensors) {
  auto file = relu();
  file.tensors.push_back({{2, 3}});
  file.operators = {{0, {0, 2}, {1}, 11, {}}, {19, {1}, {2}}};  // each waits for the other
  expect_mention(error_of(file), "before it is made");
  file = relu();
  file.operators[0].inputs = {7};
  expect_mention(error_of(file), "tensor 7");
  file = relu();
  file.operators.push_back({19, {0}, {1}});
  expect_mention(error_of(file), "exists already");
  file = relu();
  file.inputs = {0, 0};
  expect_mention(error_of(file), "twice");
  file = relu();
  file.operators[0].inputs = {-1};
  expect_mention(error_of(file), "input 0 is missing");
}

TEST(TfliteDamage, RefusesImpossibleTensors) {
  auto file = relu();
  file.tensors[0].shape = {1 << 20, 1 << 20};
  expect_mention(error_of(file), "2^31");
  file.tensors[0].shape = {2, -1};
  expect_mention(error_of(file), "only the batch");
  file.tensors[0].shape = {0, 1 << 30};
  expect_mention(error_of(file), "holds no element");
  file = relu();
  file.tensors[0].type = test::kString;
  expect_mention(error_of(file), "STRING");
  file.tensors[0] = {.shape = {2}, .type = test::kInt8, .scales = {-1.0F}, .zero_points = {0}};
  expect_mention(error_of(file), "scale -1");
  file.tensors[0] = {.shape = {2}, .type = test::kInt8, .scales = {1.0F}, .zero_points = {300}};
  expect_mention(error_of(file), "zero point 300");
  file.tensors[0] = {
      .shape = {2, 2}, .type = test::kInt8, .scales = {1, 1, 1}, .zero_points = {0, 0, 0}, .axis = 1};
  expect_mention(error_of(file), "3 scales");
}

TEST(TfliteDamage, RefusesConstantsOfTheWrongSizeOrRange) {
  auto file = relu();
  file.operators = {{0, {0, 2}, {1}, 11, {}}};
  file.tensors.push_back({.shape = {4}, .data = std::vector<std::uint8_t>(12)});
  expect_mention(error_of(file), "12 bytes");
  file.tensors[2] = {
      .shape = {1}, .type = test::kInt64, .data = test::bytes_of<std::int64_t>({std::int64_t{1} << 40})};
  expect_mention(error_of(file), "does not fit 32 bits");
  file.tensors[2] = {.shape = {1}, .data = std::vector<std::uint8_t>(4), .is_variable = true};
  expect_mention(error_of(file), "state");
}

TEST(TfliteDamage, RefusesTypesThatDoNotGoTogether) {
  auto file = relu();
  file.tensors[1].type = test::kInt8;
  file.tensors[1].scales = {1};
  file.tensors[1].zero_points = {0};
  EXPECT_NE(error_of(file), "");  // real in, quantized out
  file = relu();
  file.operators = {{0, {0, 2}, {1}, 11, {}}};
  file.tensors.push_back({.shape = {2, 3}, .type = test::kInt32});
  file.inputs = {0, 2};
  EXPECT_NE(error_of(file), "");  // a sum of reals and integers
}

TEST(TfliteDamage, RefusesResultsTooLargeToHold) {
  auto file = relu();
  file.operators = {{69, {0, 2}, {1}}};
  file.tensors.push_back(test::index_tensor({1 << 15, 1 << 18}));
  EXPECT_NE(error_of(file), "");
}

TEST(TfliteDamage, TheCorpusIsReadOrRefused) {
  ASSERT_FALSE(corpus().empty());
  int good = 0;
  for (const auto& file : corpus()) good += error_of(file).empty() ? 1 : 0;
  EXPECT_GE(good, 5);  // the others once made trouble
}

TEST(TfliteDamage, EveryTruncationIsRefusedOrRead) {
  for (const auto& file : corpus())
    for (std::size_t size = 0; size < file.size(); ++size)
      error_of({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)});
}

TEST(TfliteDamage, FlippedBitsAreRefusedOrRead) {
  Rng rng(1);
  for (const auto& file : corpus()) {
    for (int round = 0; round < 3000; ++round) {
      auto damaged = file;
      for (std::int64_t flips = rng.integer(1, 4); flips > 0; --flips)
        damaged[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(file.size()) - 1))] ^=
            static_cast<std::byte>(1 << rng.integer(0, 7));
      error_of(damaged);
    }
  }
}

TEST(TfliteDamage, PublishedModelsAreReadOrNameTheirRecurrentOperator) {
  if (!std::filesystem::exists(kModels)) GTEST_SKIP() << "the shared models are not here";
  int read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kModels)) {
    if (entry.path().extension() != ".tflite") continue;
    try {
      read_tflite(entry.path());
      ++read;
    } catch (const UserError& e) {
      const std::string why = e.parts().why;
      EXPECT_TRUE(why.find("recurrent") != std::string::npos ||
                  why.find("custom operator Signal") != std::string::npos)
          << e.what();
    }
  }
  EXPECT_GE(read, 17);
}

}  // namespace
}  // namespace mote
