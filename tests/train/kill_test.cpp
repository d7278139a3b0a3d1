// A real kill -9 of the program, again and again, and what comes of it.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/file.h"
#include "base/rng.h"

namespace mote::train {
namespace {

class Killed : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  pid_t start(const std::string& output) const {
    std::vector<std::string> words = {MOTE_BINARY_DIR "/mote-train",
                                      "train",
                                      "zoo:cnn?width=4",
                                      "--data",
                                      "synth:glyphs?train=600&valid=50&test=50",
                                      "--epochs",
                                      "4",
                                      "--batch",
                                      "25",
                                      "--threads",
                                      "1",
                                      "--augment",
                                      "shift-crop=2",
                                      "--ema",
                                      "0.99",
                                      "--checkpoint-steps",
                                      "3",
                                      "--resume",
                                      "-q",
                                      "-o",
                                      output};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    if (::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return -1;
    return pid;
  }
  static int exit_code(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(Killed, TrainingGoesOnAsIfNothingHadHappened) {
  const std::string straight = path("straight.mote"), resumed = path("resumed.mote");
  ASSERT_EQ(exit_code(start(straight)), 0);
  Rng rng(11);
  int killed = 0;
  for (int attempt = 0; attempt < 6 && !std::filesystem::exists(resumed); ++attempt) {
    const pid_t pid = start(resumed);
    ASSERT_GT(pid, 0);
    // Some kills come during the start, some while checkpoints are written.
    std::this_thread::sleep_for(std::chrono::milliseconds(rng.integer(500, 1500)));
    ::kill(pid, SIGKILL);
    killed += exit_code(pid) == 128 + SIGKILL;
  }
  ASSERT_EQ(exit_code(start(resumed)), 0);
  EXPECT_GT(killed, 0);
  EXPECT_EQ(read_file(straight), read_file(resumed));
  EXPECT_EQ(read_file(straight + ".checkpoint").size(), read_file(resumed + ".checkpoint").size());
}

}  // namespace
}  // namespace mote::train
