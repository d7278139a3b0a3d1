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

// What the child needs, made before the fork: in a program with threads, the child may not allocate memory,
// since another thread may have held the allocator's lock when it was made (POSIX.1-2017, fork).
struct ChildPlan {
  std::string program;
  std::vector<std::string> arguments;
  std::string path_line;
  std::string folder;  // empty: the parent's
  std::vector<char*> argv;
  std::array<char*, 2> clean_environment{};
  bool clean = false;

  ChildPlan(std::string found, const std::vector<std::string>& wanted, const ProcessOptions& options)
      : program(std::move(found)), arguments(wanted), clean(options.clean_environment) {
    const char* path = std::getenv("PATH");
    path_line = std::string("PATH=") + (path ? path : "/usr/bin:/bin");
    if (options.folder) folder = options.folder->string();
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    clean_environment[0] = path_line.data();
  }
  ChildPlan(const ChildPlan&) = delete;
  ChildPlan& operator=(const ChildPlan&) = delete;
};

// In the child: async-signal-safe calls only.
[[noreturn]] void become_program(const ChildPlan& plan, int output) {
  ::setpgid(0, 0);
  const int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  if (!plan.folder.empty() && ::chdir(plan.folder.c_str()) != 0) ::_exit(127);
  if (plan.clean)
    ::execve(plan.program.c_str(), plan.argv.data(), plan.clean_environment.data());
  else
    ::execv(plan.program.c_str(), plan.argv.data());
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
  const ChildPlan plan(program->string(), argv, options);
  std::array<int, 2> channel{};
  MOTE_CHECK(::pipe2(channel.data(), O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  MOTE_CHECK(child >= 0, std::strerror(errno));
  if (child == 0) become_program(plan, channel[1]);
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
