// The installed library, as another project uses it: through its CMake package and through pkg-config.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/process.h"

namespace mote {
namespace {

const std::string kModel = MOTE_SOURCE_DIR "/examples/glyphs/glyphs.onnx";

ProcessResult run(std::vector<std::string> argv) {
  ProcessOptions options;
  options.limit = std::chrono::seconds(300);
  return run_process(argv, options);
}

TEST(Install, CMakePackageAndPkgConfigWork) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a program that is not sanitized cannot load the sanitized library";
#endif
  const TemporaryFolder folder;
  const std::string prefix = folder.path() / "prefix";
  const std::string build = folder.path() / "build";
  const std::string source = MOTE_SOURCE_DIR "/examples/use_library";
  ProcessResult result = run({"cmake", "--install", MOTE_BINARY_DIR, "--prefix", prefix});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  result = run({"cmake", "-S", source, "-B", build, "-DCMAKE_PREFIX_PATH=" + prefix});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  result = run({"cmake", "--build", build});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  result = run({build + "/use_library", kModel, folder.path() / "out"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "out" / "network.c"));

  const std::string libraries = prefix + "/lib";
  if (!std::filesystem::exists(libraries)) GTEST_SKIP() << "the library folder has another name here";
  result =
      run({"sh", "-c",
           "export PKG_CONFIG_PATH=" + libraries + "/pkgconfig; g++ " + source + "/main.cpp -o " + prefix +
               "/user $(pkg-config --define-prefix --cflags --libs mote) && LD_LIBRARY_PATH=" + libraries +
               " " + prefix + "/user " + kModel + " " + prefix + "/out"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
}

}  // namespace
}  // namespace mote
