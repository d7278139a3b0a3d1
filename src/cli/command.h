// What the subcommands share: the global switches, printing, the progress bar. A subcommand's file parses,
// calls and prints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/progress.h"
#include "base/target.h"
#include "compress/import.h"
#include "plan/plan.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mote::cli {

struct Context {
  bool json = false;
  bool quiet = false;
  char** argv = nullptr;  // of main
  int exit_code = 0;      // 1: a check failed; bad usage and input throw

  void print(const std::string& text) const;
  void print(const nlohmann::json& json_document) const;
  // A bar on a terminal, a line every few seconds elsewhere, nothing with --quiet; on stderr.
  Progress progress() const;
};

// One of these per subcommand file.
void add_inspect(CLI::App& app, Context& context);
void add_run(CLI::App& app, Context& context);
void add_quantize(CLI::App& app, Context& context);
void add_compile(CLI::App& app, Context& context);
void add_measure(CLI::App& app, Context& context);
void add_convert(CLI::App& app, Context& context);
void add_targets(CLI::App& app, Context& context);
void add_zoo(CLI::App& app, Context& context);
void add_data(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

// --json and --quiet on a subcommand.
void add_common(CLI::App& command, Context& context);
// --ram-limit BYTES and --stream-input
void add_ram(CLI::App& command, PlanOptions& options);
// --optimize speed|balanced|size|ram
void add_optimize(CLI::App& command, Optimize& optimize);
// --features log-mel|mfcc[?key=value&...]: of sounds
CLI::Option* add_features(CLI::App& command, std::string& features);
// --threads N
void add_threads(CLI::App& command, int& threads);

// --no-simplify, --logits: what is compiled in place of the model file's own layers.
void add_prepare(CLI::App& command, PrepareOptions& options);
// "exact simplification: 7,489,664 -> 4,120,000 MACs (-45.0%)", or nothing where it changed none.
std::string describe_simplification(const PreparedModel& model);
nlohmann::json simplification_json(const PreparedModel& model);

}  // namespace mote::cli
