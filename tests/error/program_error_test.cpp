// One case per kind of user error: exit code 2, one message with a reason and a remedy, no crash.
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/e2e/program.h"

namespace mote {
namespace {

using testing::mote;

const std::string kModel = MOTE_SOURCE_DIR "/examples/glyphs/glyphs.onnx";

struct Case {
  std::string name;
  std::vector<std::string> arguments;
  std::string says;  // part of the message
};

class ProgramError : public ::testing::TestWithParam<Case> {};

TEST_P(ProgramError, ExplainsItself) {
  const Case& c = GetParam();
  const TemporaryFolder folder;
  write_file(folder.path() / "empty.tflite", "");
  write_file(folder.path() / "empty.onnx", "");
  write_file(folder.path() / "garbage.tflite", std::string(5000, 'x'));
  write_file(folder.path() / "garbage.onnx", std::string(5000, 'x'));
  write_file(folder.path() / "bad.mote", "graph \"x\" {\n  %0 = nonsense\n}\n");
  write_file(folder.path() / "short.bin", "abc");
  write_file(folder.path() / "bad.toml", "name = 3\n");
  write_file(folder.path() / "tiny.toml", [] {
    std::string text = read_text_file(MOTE_SOURCE_DIR "/targets/cortex-m4.toml");
    const auto at = text.find("ram_bytes = \"640K\"");
    EXPECT_NE(at, std::string::npos);
    return text.replace(at, 18, "ram_bytes = \"2K\"");
  }());
  std::vector<std::string> arguments = c.arguments;
  for (std::string& a : arguments)
    if (a.starts_with("@")) a = (folder.path() / a.substr(1)).string();
  const ProcessResult result = mote(arguments);
  EXPECT_EQ(result.exit_code, 2) << result.output;
  EXPECT_NE(result.output.find(c.says), std::string::npos) << result.output;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ProgramError,
    ::testing::Values(
        Case{"NoCommand", {}, "subcommand"}, Case{"UnknownCommand", {"frobnicate"}, "frobnicate"},
        Case{"UnknownOption", {"inspect", kModel, "--frob"}, "--frob"}, Case{"NoModel", {"inspect"}, "MODEL"},
        Case{"MissingFile", {"inspect", "@none.onnx"}, "does not exist"},
        Case{"Folder", {"inspect", "@.onnx"}, "where"},
        Case{"UnknownFormat", {"inspect", "@short.bin"}, "extension"},
        Case{"EmptyTflite", {"inspect", "@empty.tflite"}, "remedy"},
        Case{"EmptyOnnx", {"inspect", "@empty.onnx"}, "remedy"},
        Case{"GarbageTflite", {"inspect", "@garbage.tflite"}, "remedy"},
        Case{"GarbageOnnx", {"inspect", "@garbage.onnx"}, "remedy"},
        Case{"BadText", {"inspect", "@bad.mote"}, "bad.mote:2"},
        Case{"UnknownTarget", {"compile", kModel, "--target", "z80", "-o", "@out"}, "z80"},
        Case{"BadTarget", {"compile", kModel, "--target", "@bad.toml", "-o", "@out"}, "remedy"},
        Case{"DoesNotFit", {"measure", kModel, "--target", "@tiny.toml"}, "bytes too many"},
        Case{"NotAnArtifact", {"measure", "@.", "--target", "cortex-m4"}, "mote compile"},
        Case{"NoInputs", {"run", kModel}, "--input"},
        Case{"WrongInputSize", {"run", kModel, "--input", "@short.bin"}, "3 bytes"},
        Case{"UnknownData", {"run", kModel, "--data", "synth:nothing"}, "nothing"},
        Case{"MissingData", {"run", kModel, "--data", "@nowhere"}, "remedy"},
        Case{"UnknownSplit", {"run", kModel, "--data", "synth:glyphs", "--split", "most"}, "most"},
        Case{"UnknownMethod",
             {"quantize", kModel, "--data", "synth:glyphs", "--method", "magic", "-o", "@x.onnx"},
             "magic"},
        Case{"BadBits",
             {"quantize", kModel, "--data", "synth:glyphs", "--weights", "9", "-o", "@x.onnx"},
             "9"},
        Case{"UnwritableOutput", {"convert", kModel, "-o", "@no/such/folder/x.onnx"}, "cannot write"},
        Case{"UnknownOutputFormat", {"convert", kModel, "-o", "@x.pb"}, "extension"},
        Case{"NoSuchPass", {"inspect", kModel, "--dump-after", "magic"}, "no such pass"},
        Case{"BadNormalization", {"run", kModel, "--data", "synth:glyphs", "--normalize", "blue"}, "blue"}),
    [](const ::testing::TestParamInfo<Case>& instance) { return instance.param.name; });

}  // namespace
}  // namespace mote
