#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/error.h"

namespace mote {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::optional<fs::path> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return ::access(name.c_str(), X_OK) == 0 ? std::optional<fs::path>(name) : std::nullopt;
  const char* path = std::getenv("PATH");
  std::stringstream folders(path ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path(folder) / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

namespace {

[[noreturn]] void become_program(const std::string& program, const std::vector<std::string>& argv,
                                 const ProcessOptions& options, int output) {
  ::setpgid(0, 0);
  const int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  if (options.folder && ::chdir(options.folder->c_str()) != 0) ::_exit(127);
  std::vector<char*> arguments;
  for (const auto& a : argv) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  const char* path = std::getenv("PATH");
  std::string path_line = std::string("PATH=") + (path ? path : "/usr/bin:/bin");
  std::array<char*, 2> clean{path_line.data(), nullptr};
  if (options.clean_environment)
    ::execve(program.c_str(), arguments.data(), clean.data());
  else
    ::execv(program.c_str(), arguments.data());
  ::_exit(127);
}

// Reads until end of file or the deadline; returns false at the deadline.
bool drain(int input, Clock::time_point deadline, std::string& output) {
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{input, POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t count = ::read(input, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    output.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& argv, const ProcessOptions& options) {
  MOTE_CHECK(!argv.empty());
  const auto program = find_program(argv[0]);
  if (!program)
    throw UserError({"cannot run the program", argv[0], "it is not on PATH",
                     "install it (apt.txt lists the Debian packages) or mend PATH"});
  std::array<int, 2> channel{};
  MOTE_CHECK(::pipe2(channel.data(), O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  MOTE_CHECK(child >= 0, std::strerror(errno));
  if (child == 0) become_program(program->string(), argv, options, channel[1]);
  ::close(channel[1]);
  ProcessResult result;
  result.timed_out = !drain(channel[0], Clock::now() + options.limit, result.output);
  ::close(channel[0]);
  if (result.timed_out) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace mote
