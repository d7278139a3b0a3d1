// A device that code is compiled for and measured on: its core, compiler, memories, board and the constants
// of the estimates. The descriptions are TOML files: those of targets/ are part of the program, and a user
// may give a file of his own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mote {

// What emitted code aims at: fewest cycles; a good share of all three; least flash; least RAM.
enum class Optimize { kSpeed, kBalanced, kSize, kRam };

// "speed", "balanced", "size", "ram", and back; nothing for an unknown name.
std::string_view optimize_name(Optimize optimize);
std::optional<Optimize> find_optimize(std::string_view name);

// A number that others measured, with the place where it is published.
struct SourcedConstant {
  double value = 0;
  std::string source;
};

struct MemoryRegion {
  std::uint64_t base = 0;
  std::uint64_t bytes = 0;
};

struct Compiler {
  std::string program;       // found through PATH
  std::string package;       // Debian packages that carry it
  std::string math_package;  // what <math.h> needs besides; empty where the compiler's package has it
  std::vector<std::string> flags, speed_flags, size_flags;
  std::vector<std::string> math_flags;  // added where <math.h> is used, when compiling and linking
};

enum class RunnerKind { kHost, kQemuSystem, kQemuUser };

struct Runner {
  RunnerKind kind = RunnerKind::kHost;
  std::string boot;  // start-up code: targets/boot/<boot>.c
  std::string program, package;
  std::string machine, cpu;  // cpu may be empty: the machine's own
  std::vector<std::string> arguments;
};

// What a real board of this core offers; a network is checked against it. 0 bytes: no limit is known.
struct Board {
  std::string name;
  std::uint64_t flash_bytes = 0;
  std::uint64_t ram_bytes = 0;
  std::optional<double> clock_hz;
};

// What one inference's counted events (targets/plugin/count.c) cost in cycles; docs/cycles.md.
struct CycleModel {
  std::string name, source;
  int issue = 1;                                      // instructions per cycle that the core can start
  std::vector<std::pair<std::string, double>> costs;  // cycles by event; the others cost nothing
  // Flash is read in lines that take wait states, through a cache for instructions and one for data (0 bytes:
  // none).
  std::uint64_t wait_states = 0, line_bytes = 8, fetch_bytes = 0, data_bytes = 0;
};

struct Target {
  std::string name, description, core;
  std::vector<std::string> features;  // dsp, fpu, mve, neon, dotprod, avx2, fma: what kernels may use
  Compiler compiler;
  Runner runner;
  MemoryRegion flash, ram;  // of the simulated machine; 0 bytes where an operating system loads the program
  std::optional<std::uint64_t> vectors_base;  // where the vector table stands, if not at the start of flash
  Board board;
  std::optional<CycleModel> cycle_model;
  std::optional<SourcedConstant> cycles_per_instruction;  // where there is no model
  std::optional<SourcedConstant> energy_per_cycle_joules;

  bool has(std::string_view feature) const;
  bool bare_metal() const { return runner.kind == RunnerKind::kQemuSystem; }
};

// A name of list_targets(), or the path of a TOML file (anything with a '/' or ending in .toml). Throws
// UserError for an unknown name, and for a file with a syntax error, an unknown key, a missing key or a bad
// value. On the host, features that this processor lacks are left out.
Target load_target(const std::string& name_or_path);
Target parse_target(std::string_view toml, const std::string& origin);

// Names of the targets that are part of the program, sorted, the host first.
std::vector<std::string> list_targets();

}  // namespace mote
