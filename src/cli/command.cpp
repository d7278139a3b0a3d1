#include "cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "plan/threads.h"

namespace mote::cli {

void Context::print(const std::string& text) const {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.empty() && text.back() != '\n') std::fputc('\n', stdout);
}

void Context::print(const nlohmann::json& json_document) const { print(json_document.dump(2)); }

namespace {

using Clock = std::chrono::steady_clock;

// Draws at most every 0.1 s on a terminal and every 5 s elsewhere, and at the end.
class Bar {
 public:
  void update(std::uint64_t done, std::uint64_t total, const std::string& label) {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    const double since = std::chrono::duration<double>(now - drawn_).count();
    const bool finished = total > 0 && done >= total;
    if (!finished && since < (terminal_ ? 0.1 : 5.0)) return;
    if (finished && finished_) return;
    finished_ = finished;
    drawn_ = now;
    if (terminal_)
      draw(done, total, label, finished);
    else
      std::fprintf(stderr, "%s: %llu of %llu\n", label.c_str(), static_cast<unsigned long long>(done),
                   static_cast<unsigned long long>(total));
  }

 private:
  static void draw(std::uint64_t done, std::uint64_t total, const std::string& label, bool finished) {
    constexpr int kWidth = 30;
    const int filled = total == 0 ? 0 : static_cast<int>(done * kWidth / total);
    const std::string bar = std::string(static_cast<std::size_t>(filled), '#') +
                            std::string(static_cast<std::size_t>(kWidth - filled), '.');
    std::fprintf(stderr, "\r%s [%s] %llu/%llu\x1b[K%s", label.c_str(), bar.c_str(),
                 static_cast<unsigned long long>(done), static_cast<unsigned long long>(total),
                 finished ? "\n" : "");
    std::fflush(stderr);
  }

  const bool terminal_ = ::isatty(2) != 0;
  std::mutex mutex_;
  Clock::time_point drawn_ = Clock::now();
  bool finished_ = false;
};

}  // namespace

Progress Context::progress() const {
  if (quiet) return {};
  auto bar = std::make_shared<Bar>();
  return [bar](std::uint64_t done, std::uint64_t total, const std::string& label) {
    bar->update(done, total, label);
  };
}

void add_common(CLI::App& command, Context& context) {
  command.add_flag("--json", context.json, "print JSON for machines");
  command.add_flag("-q,--quiet", context.quiet, "no progress on stderr");
}

void add_ram(CLI::App& command, PlanOptions& options) {
  command
      .add_option_function<std::uint64_t>(
          "--ram-limit",
          [&options](std::uint64_t bytes) { options.ram_limit_bytes = static_cast<std::int64_t>(bytes); },
          "the fastest plan whose arena has at most so many bytes (32K: 32 * 1024)")
      ->transform(CLI::AsSizeValue(false));
  command.add_flag("--stream-input", options.stream_input,
                   "the input arrives row by row and never stands in the arena whole");
}

void add_optimize(CLI::App& command, Optimize& optimize) {
  std::map<std::string, Optimize> aims;
  for (const Optimize aim : {Optimize::kSpeed, Optimize::kBalanced, Optimize::kSize, Optimize::kRam})
    aims.emplace(optimize_name(aim), aim);
  command.add_option("--optimize", optimize, "what the plan, the kernels and the compiler aim at")
      ->transform(CLI::CheckedTransformer(aims))
      ->option_text("speed|balanced|size|ram");
}

CLI::Option* add_features(CLI::App& command, std::string& features) {
  return command.add_option("--features", features,
                            "of sounds: log-mel or mfcc, with ?key=value&... of rate, frame, hop (ms), fft, "
                            "bins, coefficients, low, high (Hz), bits, seconds");
}

void add_threads(CLI::App& command, int& threads) {
  command
      .add_option("--threads", threads,
                  "that share the rows of large layers, on targets with an operating system")
      ->check(CLI::Range(1, kMostThreads))
      ->capture_default_str();
}

void add_prepare(CLI::App& command, PrepareOptions& options) {
  command.add_flag("!--no-simplify", options.simplify,
                   "keep every layer as in the file (by default dead channels and the like go, exactly)");
  command.add_flag("--logits", options.logits,
                   "drop a final softmax: other numbers, the same order of the classes");
}

std::string describe_simplification(const PreparedModel& model) {
  const std::int64_t before = total_macs(model.imported), after = total_macs(model.graph);
  if (before == after) return {};
  return fmt::format("exact simplification: {} -> {} MACs (-{:.1f}%)\n",
                     format_count(static_cast<std::uint64_t>(before)),
                     format_count(static_cast<std::uint64_t>(after)),
                     100.0 * static_cast<double>(before - after) / static_cast<double>(before));
}

nlohmann::json simplification_json(const PreparedModel& model) {
  return {{"macs_before", total_macs(model.imported)}, {"macs_after", total_macs(model.graph)}};
}

}  // namespace mote::cli
