// Times networks in mote and in its peers on one core, in one interleaved run: every round times each
// contender of a network once, so that all see the same machine. Prints a Markdown table; --json FILE keeps
// everything.
//
//   bench_peers --modules FOLDER [--rounds N] [--cpu N] [--json FILE] NETWORK KIND:FILE... [-- NETWORK ...]
//
// KIND: mote, tflite, tflite-xnnpack or ort. The first contender of a network is compared with the fastest of
// the others.
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "bench/peers/contender.h"

namespace mote::bench {
namespace {

struct Entry {
  std::string label;  // KIND:FILE
  std::unique_ptr<Contender> contender;
  std::vector<double> rounds;  // median microseconds of each round

  double median() const {
    std::vector<double> sorted = rounds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

struct Options {
  std::filesystem::path modules, json;
  int rounds = 21;
  int cpu = 0;
  std::vector<std::vector<std::string>> networks;
};

[[noreturn]] void usage() {
  std::fputs(
      "usage: bench_peers --modules FOLDER [--rounds N] [--cpu N] [--json FILE] NETWORK KIND:FILE..."
      " [-- NETWORK ...]\n",
      stderr);
  std::exit(2);
}

Options parse(int count, char** arguments) {
  Options options;
  options.networks.emplace_back();
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const auto value = [&]() -> std::string { return i + 1 < count ? arguments[++i] : (usage(), ""); };
    if (word == "--modules")
      options.modules = value();
    else if (word == "--json")
      options.json = value();
    else if (word == "--rounds")
      options.rounds = std::max(1, std::atoi(value().c_str()));
    else if (word == "--cpu")
      options.cpu = std::atoi(value().c_str());
    else if (word == "--")
      options.networks.emplace_back();
    else
      options.networks.back().push_back(word);
  }
  for (const auto& network : options.networks)
    if (network.size() < 2) usage();
  return options;
}

std::unique_ptr<Contender> make_contender(const Options& options, const std::string& label) {
  const auto colon = label.find(':');
  if (colon == std::string::npos) usage();
  const std::string kind = label.substr(0, colon), file = label.substr(colon + 1);
  if (kind == "mote") return mote_contender(file);
  if (kind == "tflite") return tflite_contender(options.modules, file, false);
  if (kind == "tflite-xnnpack") return tflite_contender(options.modules, file, true);
  if (kind == "ort") return onnx_runtime_contender(options.modules, file);
  usage();
}

// Median microseconds of a run, over about ten milliseconds and at least five runs.
double time_round(Contender& contender) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  const auto begun = Clock::now();
  contender.run();  // warms the caches that the contender before it has taken
  while (times.size() < 5 || Clock::now() - begun < std::chrono::milliseconds(10)) {
    const auto start = Clock::now();
    contender.run();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  std::string model, features;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name") && model.empty()) model = line.substr(line.find(':') + 2);
    if (line.starts_with("flags") && features.empty())
      for (const char* f : {"avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8"})
        if ((line + " ").find(std::string(" ") + f + " ") != std::string::npos)
          features += std::string(" ") + f;
  }
  return model + " (" + (features.empty() ? "" : features.substr(1)) + ")";
}

std::string output_of(std::vector<std::string> command) {
  std::string text = run_process(command).output;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(0, text.find('\n'));
}

nlohmann::json provenance(const Options& options) {
  return {{"processor", processor()},
          {"date", output_of({"date", "-u", "+%Y-%m-%d"})},
          {"commit", output_of({"git", "describe", "--always", "--dirty"})},
          {"compiler", output_of({"gcc", "--version"})},
          {"rounds", options.rounds},
          {"cores", 1}};
}

nlohmann::json run_network(const Options& options, const std::vector<std::string>& words) {
  std::vector<Entry> entries;
  for (std::size_t i = 1; i < words.size(); ++i)
    entries.push_back({words[i], make_contender(options, words[i]), {}});
  for (int round = 0; round < options.rounds; ++round)
    for (Entry& e : entries) e.rounds.push_back(time_round(*e.contender));
  nlohmann::json list = nlohmann::json::array();
  std::size_t best = 1;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 1 && entries[i].median() < entries[best].median()) best = i;
    list.push_back(
        {{"contender", entries[i].label.substr(0, entries[i].label.find(':'))},
         {"file",
          std::filesystem::path(entries[i].label.substr(entries[i].label.find(':') + 1)).filename().string()},
         {"median_microseconds", entries[i].median()},
         {"rounds_microseconds", entries[i].rounds}});
  }
  nlohmann::json result = {{"network", words[0]}, {"contenders", list}};
  for (const Entry& e : entries)
    std::fputs(fmt::format("| {} | {} | {:.1f} | {:.2f} |\n", words[0],
                           e.label.substr(0, e.label.find(':')) + " " +
                               std::filesystem::path(e.label).filename().string(),
                           e.median(), e.median() / entries[0].median())
                   .c_str(),
               stdout);
  std::fflush(stdout);
  if (entries.size() > 1) result["ratio_to_best_peer"] = entries[best].median() / entries[0].median();
  return result;
}

int run(int count, char** arguments) {
  const Options options = parse(count, arguments);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(options.cpu, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0)
    throw UserError({"cannot bind to the core", std::to_string(options.cpu), "the system refuses",
                     "give another number to --cpu"});
  nlohmann::json result = {{"provenance", provenance(options)}, {"networks", nlohmann::json::array()}};
  std::puts("| network | contender | median microseconds | ratio to the first |\n|---|---|---:|---:|");
  for (const auto& words : options.networks) result["networks"].push_back(run_network(options, words));
  if (!options.json.empty()) write_file(options.json, result.dump(1) + "\n");
  return 0;
}

}  // namespace
}  // namespace mote::bench

int main(int count, char** arguments) {
  try {
    return mote::bench::run(count, arguments);
  } catch (const mote::UserError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
