#include "base/target.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/resource.h"
#include "base/text.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace mote {

namespace {

constexpr std::array kKnownFeatures = {
    "dsp",     "fpu",  "mve", "armv7m",  "armv6m",     "rv32m",          "neon",
    "dotprod", "avx2", "fma", "avx512f", "avx512vnni", "avx512vpopcntdq"};

// One TOML table: typed reads that remember which keys were asked for, so that finish() can refuse the rest.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string origin, std::string path)
      : table_(table), origin_(std::move(origin)), path_(std::move(path)) {}

  std::string text(const char* key, bool required = false) {
    const auto* node = find(key, required);
    if (!node) return {};
    const auto value = node->value_exact<std::string>();
    if (!value) fail(key, "a text in quotes is expected");
    if (required && value->empty()) fail(key, "the text is empty");
    return *value;
  }

  std::vector<std::string> texts(const char* key) {
    const auto* node = find(key, false);
    if (!node) return {};
    const auto* array = node->as_array();
    if (!array) fail(key, "a list of texts is expected");
    std::vector<std::string> result;
    for (const auto& item : *array) {
      const auto value = item.value_exact<std::string>();
      if (!value) fail(key, "every item must be a text in quotes");
      result.push_back(*value);
    }
    return result;
  }

  // An integer, or a size as text such as "64K".
  std::optional<std::uint64_t> size(const char* key, bool required = false) {
    const auto* node = find(key, required);
    if (!node) return std::nullopt;
    if (const auto number = node->value_exact<std::int64_t>(); number && *number >= 0)
      return static_cast<std::uint64_t>(*number);
    std::optional<std::uint64_t> bytes;
    if (const auto text = node->value_exact<std::string>()) bytes = parse_bytes(*text);
    if (!bytes) fail(key, "a size is expected: 65536 or \"64K\"");
    return bytes;
  }

  std::optional<double> positive(const char* key) {
    const auto* node = find(key, false);
    if (!node) return std::nullopt;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (!value || !(*value > 0) || !(*value < 1e15)) fail(key, "a positive number is expected");
    return value;
  }

  // A number is only accepted with its source.
  std::optional<SourcedConstant> sourced(const char* key, const char* source_key) {
    const auto value = positive(key);
    const auto source = text(source_key);
    if (value.has_value() == source.empty())
      fail(value ? source_key : key,
           value ? "the source of the constant is missing" : "the constant is missing");
    if (!value) return std::nullopt;
    return SourcedConstant{*value, source};
  }

  // Every entry is a number of any sign.
  std::vector<std::pair<std::string, double>> numbers() {
    std::vector<std::pair<std::string, double>> all;
    for (const auto& [key, node] : table_) {
      const auto value = node.is_number() ? node.value<double>() : std::nullopt;
      if (!value) fail(std::string(key.str()), "a number is expected");
      all.emplace_back(key.str(), *value);
    }
    return all;
  }

  std::optional<TableReader> table(const char* key, bool required = false) {
    const auto* node = find(key, required);
    if (!node) return std::nullopt;
    const auto* inner = node->as_table();
    if (!inner) fail(key, "a table [" + std::string(key) + "] is expected");
    return TableReader(*inner, origin_, key);
  }

  void finish() const {
    for (const auto& [key, node] : table_)
      if (!known_.contains(std::string(key.str()))) fail(std::string(key.str()), "there is no such key");
  }

  [[noreturn]] void fail(const std::string& key, const std::string& why) const {
    const std::string field = path_.empty() ? key : path_ + "." + key;
    throw UserError({"cannot use the target description", origin_ + ": " + field, why,
                     "mend the file; the files that `mote targets` lists are examples"});
  }

 private:
  const toml::node* find(const char* key, bool required) {
    known_.insert(key);
    const auto* node = table_.get(key);
    if (!node && required) fail(key, "the key is missing");
    return node;
  }

  const toml::table& table_;
  std::string origin_, path_;
  std::set<std::string> known_;
};

Compiler read_compiler(TableReader table) {
  Compiler compiler;
  compiler.program = table.text("program", true);
  compiler.package = table.text("package");
  compiler.math_package = table.text("math_package");
  compiler.flags = table.texts("flags");
  compiler.speed_flags = table.texts("speed");
  compiler.size_flags = table.texts("size");
  compiler.math_flags = table.texts("math_flags");
  table.finish();
  return compiler;
}

CycleModel read_cycle_model(TableReader table) {
  CycleModel model;
  model.name = table.text("model", true);
  model.source = table.text("source", true);
  model.issue = static_cast<int>(table.positive("issue").value_or(1));
  if (model.issue > 2) table.fail("issue", "at most 2 instructions per cycle are modelled");
  model.costs = table.table("cost", true)->numbers();
  if (auto flash = table.table("flash")) {
    const auto whole = [&](const char* key) {
      return static_cast<std::uint64_t>(flash->positive(key).value_or(0));
    };
    model.line_bytes = std::max<std::uint64_t>(whole("line_bytes"), 4);
    model.wait_states = whole("wait_states");
    model.fetch_bytes = whole("fetch_bytes");
    model.data_bytes = whole("data_bytes");
    flash->finish();
  }
  table.finish();
  return model;
}

Runner read_runner(TableReader table) {
  Runner runner;
  const auto kind = table.text("kind", true);
  if (kind == "host")
    runner.kind = RunnerKind::kHost;
  else if (kind == "qemu-system")
    runner.kind = RunnerKind::kQemuSystem;
  else if (kind == "qemu-user")
    runner.kind = RunnerKind::kQemuUser;
  else
    table.fail("kind", "'" + kind + "' is none of host, qemu-system, qemu-user");
  runner.boot = table.text("boot", true);
  const auto boots = resources_below("targets/boot/", runner.boot + ".c");
  if (std::find(boots.begin(), boots.end(), "targets/boot/" + runner.boot + ".c") == boots.end())
    table.fail("boot", "there is no start-up code '" + runner.boot + "'; use cortex_m, riscv or hosted");
  if ((runner.boot == "hosted") == (runner.kind == RunnerKind::kQemuSystem))
    table.fail("boot", "'" + runner.boot + "' does not go with the kind " + kind);
  runner.program = table.text("program", runner.kind != RunnerKind::kHost);
  runner.package = table.text("package");
  runner.machine = table.text("machine", runner.kind == RunnerKind::kQemuSystem);
  runner.cpu = table.text("cpu");
  runner.arguments = table.texts("arguments");
  table.finish();
  return runner;
}

void read_memory(TableReader table, Target& target) {
  target.flash = {table.size("flash_base", true).value(), table.size("flash_bytes", true).value()};
  target.ram = {table.size("ram_base", true).value(), table.size("ram_bytes", true).value()};
  target.vectors_base = table.size("vectors_base");
  table.finish();
  for (const auto& [key, region] :
       {std::pair{"flash_bytes", target.flash}, std::pair{"ram_bytes", target.ram}})
    if (region.bytes == 0 || region.base > 0xFFFFFFFFU || region.bytes > 0x100000000U - region.base)
      table.fail(key, "the region must have bytes and end below 4 GiB");
}

Board read_board(TableReader table) {
  Board board;
  board.name = table.text("name", true);
  board.flash_bytes = table.size("flash_bytes").value_or(0);
  board.ram_bytes = table.size("ram_bytes").value_or(0);
  board.clock_hz = table.positive("clock_hz");
  table.finish();
  return board;
}

void keep_features_of_this_processor(std::vector<std::string>& features) {
  std::erase_if(features, [](const std::string& feature) {
#if defined(__x86_64__)
    if (feature == "avx2") return __builtin_cpu_supports("avx2") == 0;
    if (feature == "fma") return __builtin_cpu_supports("fma") == 0;
    if (feature == "avx512f") return __builtin_cpu_supports("avx512f") == 0;
    if (feature == "avx512vpopcntdq") return __builtin_cpu_supports("avx512vpopcntdq") == 0;
    if (feature == "avx512vnni")
      return __builtin_cpu_supports("avx512vnni") == 0 || __builtin_cpu_supports("avx512bw") == 0 ||
             __builtin_cpu_supports("avx512vl") == 0;
    return true;
#elif defined(__aarch64__)
    if (feature == "dotprod") return (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) == 0;
    return feature != "neon";
#else
    return true;
#endif
  });
}

toml::table parse_table(std::string_view text, const std::string& origin) {
  try {
    return toml::parse(text, origin);
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << origin << ", line " << error.source().begin.line;
    throw UserError({"cannot read the target description", where.str(), std::string(error.description()),
                     "mend the TOML syntax"});
  }
}

}  // namespace

namespace {

constexpr std::pair<std::string_view, Optimize> kOptimizeNames[] = {{"speed", Optimize::kSpeed},
                                                                    {"balanced", Optimize::kBalanced},
                                                                    {"size", Optimize::kSize},
                                                                    {"ram", Optimize::kRam}};

}  // namespace

std::string_view optimize_name(Optimize optimize) {
  for (const auto& [name, value] : kOptimizeNames)
    if (value == optimize) return name;
  MOTE_CHECK(false, "an aim without a name");
}

std::optional<Optimize> find_optimize(std::string_view name) {
  for (const auto& [known, value] : kOptimizeNames)
    if (known == name) return value;
  return std::nullopt;
}

bool Target::has(std::string_view feature) const {
  return std::find(features.begin(), features.end(), feature) != features.end();
}

Target parse_target(std::string_view text, const std::string& origin) {
  const toml::table root = parse_table(text, origin);
  TableReader table(root, origin, "");
  Target target;
  target.name = table.text("name", true);
  target.description = table.text("description");
  target.core = table.text("core", true);
  target.features = table.texts("features");
  for (const auto& feature : target.features)
    if (std::find(kKnownFeatures.begin(), kKnownFeatures.end(), feature) == kKnownFeatures.end())
      table.fail(
          "features",
          "no kernel knows '" + feature +
              "'; use dsp, fpu, mve, neon, dotprod, avx2, fma, avx512f, avx512vnni or avx512vpopcntdq");
  target.compiler = read_compiler(table.table("compiler", true).value());
  target.runner = read_runner(table.table("runner", true).value());
  if (auto memory = table.table("memory", target.bare_metal())) read_memory(*memory, target);
  if (auto board = table.table("board")) target.board = read_board(*board);
  if (auto cycles = table.table("cycles")) target.cycle_model = read_cycle_model(*cycles);
  if (auto estimate = table.table("estimate")) {
    target.cycles_per_instruction = estimate->sourced("cycles_per_instruction", "cycles_source");
    target.energy_per_cycle_joules = estimate->sourced("energy_per_cycle_joules", "energy_source");
    estimate->finish();
  }
  table.finish();
  if (target.runner.kind == RunnerKind::kHost) keep_features_of_this_processor(target.features);
  return target;
}

std::vector<std::string> list_targets() {
  std::vector<std::string> names;
  for (const auto path : resources_below("targets/", ".toml"))
    names.push_back(std::filesystem::path(path).stem().string());
  std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return std::pair(a != "host", a) < std::pair(b != "host", b);
  });
  return names;
}

Target load_target(const std::string& name_or_path) {
  if (name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".toml"))
    return parse_target(read_text_file(name_or_path, 1U << 20), name_or_path);
  const auto names = list_targets();
  if (std::find(names.begin(), names.end(), name_or_path) == names.end())
    throw UserError({"there is no such target", name_or_path, "the targets are " + join(names, ", "),
                     "choose one of them, or give the path of a .toml file"});
  return parse_target(resource("targets/" + name_or_path + ".toml"), name_or_path);
}

}  // namespace mote
