// Runs another program, with a time limit and its output captured.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mote {

struct ProcessResult {
  int exit_code = 0;  // 128 + signal when killed
  bool timed_out = false;
  std::string output;  // stdout and stderr, in the order written
};

struct ProcessOptions {
  std::chrono::seconds limit{60};
  std::optional<std::filesystem::path> folder{};  // working folder
  bool clean_environment = false;                 // only PATH is passed on
};

// Runs argv[0], found through PATH. A program that cannot be started throws UserError.
ProcessResult run_process(const std::vector<std::string>& argv, const ProcessOptions& options = {});

// Full path of a program on PATH, or nothing.
std::optional<std::filesystem::path> find_program(const std::string& name);

}  // namespace mote
