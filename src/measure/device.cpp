#include "measure/device.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/resource.h"
#include "base/text.h"
#include "measure/elf.h"

namespace mote {

namespace fs = std::filesystem;

namespace {

// The plugin is built once per process, from the source that the program carries.
const fs::path& counting_plugin() {
  static const TemporaryFolder folder;
  static const fs::path plugin = [] {
    require_program("cc", "gcc");
    const auto source = folder.path() / "count.c", library = folder.path() / "count.so";
    write_file(source, resource("targets/plugin/count.c"));
    write_file(folder.path() / "arm_timing.h", resource("targets/plugin/arm_timing.h"));
    const auto built = run_process(
        {"cc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", source.string(), "-o", library.string()});
    if (built.exit_code != 0)
      throw UserError(
          {"cannot build the instruction counter", source.string(), built.output, "check the C compiler cc"});
    return library;
  }();
  return plugin;
}

struct Counting {
  fs::path map, counts;
};

void write_map(const Artifact& artifact, const ElfFile& elf, const fs::path& path) {
  std::ostringstream map;
  map << std::hex;
  const auto line = [&](const char* kind, const std::string& name) {
    const auto* function = elf.find_function(name);
    if (!function)
      throw UserError({"cannot count the instructions of '" + artifact.name + "'", name,
                       "the program has no such function",
                       "compile the network again with this version of mote"});
    map << kind << ' ' << function->address << '\n';
  };
  line("begin", artifact.name + (artifact.feed_rows > 0 ? "_begin" : "_run"));
  line("end", "mote_measure_end");
  for (std::size_t i = 0; i < artifact.steps.size(); ++i)
    line("step", artifact.name + "_step_" + std::to_string(i));
  write_file(path, map.str());
}

// What the plugin has to know of the core to count the events of its cycle model.
std::string event_options(const Target& target) {
  if (!target.cycle_model) return {};
  const CycleModel& m = *target.cycle_model;
  return ",issue=" + std::to_string(m.issue) + ",flash=" + std::to_string(target.flash.base) + ":" +
         std::to_string(target.flash.bytes) + ",wait=" + std::to_string(m.wait_states) +
         ",line=" + std::to_string(m.line_bytes) + ",fetch=" + std::to_string(m.fetch_bytes) +
         ",data=" + std::to_string(m.data_bytes);
}

std::vector<std::string> command(const Target& target, const fs::path& image,
                                 const std::optional<Counting>& counting) {
  const auto& runner = target.runner;
  if (runner.kind == RunnerKind::kHost) return {image.string()};
  std::vector<std::string> argv = {runner.program};
  if (!runner.cpu.empty()) argv.insert(argv.end(), {"-cpu", runner.cpu});
  if (counting)
    argv.insert(argv.end(), {"-plugin", counting_plugin().string() + ",map=" + counting->map.string() +
                                            ",out=" + counting->counts.string() + event_options(target)});
  if (runner.kind == RunnerKind::kQemuSystem) {
    argv.insert(argv.end(), {"-M", runner.machine});
    argv.insert(argv.end(), runner.arguments.begin(), runner.arguments.end());
    argv.insert(argv.end(), {"-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config",
                             "enable=on,target=native", "-kernel"});
  } else {
    argv.insert(argv.end(), runner.arguments.begin(), runner.arguments.end());
  }
  argv.push_back(image.string());
  return argv;
}

[[noreturn]] void fail_run(const Artifact& artifact, const Target& target, const std::string& why,
                           const std::string& remedy) {
  throw UserError({"the network '" + artifact.name + "' did not finish on " + target.name,
                   target.runner.program, why, remedy});
}

void append_hex(const std::string& digits, Bytes& bytes) {
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
    bytes.push_back(static_cast<std::byte>(value));
  }
}

void parse_console(const Artifact& artifact, const Target& target, const std::string& console,
                   std::size_t samples, DeviceRun& run) {
  std::vector<std::vector<Bytes>> outputs(samples, std::vector<Bytes>(artifact.outputs.size()));
  bool done = false;
  for (const auto& text : split(console, '\n')) {
    std::istringstream line(text);
    std::string kind, digits;
    line >> kind;
    if (kind == "output") {
      std::size_t sample = 0, index = 0;
      line >> sample >> index >> digits;
      MOTE_CHECK(sample < samples && index < artifact.outputs.size(), text);
      append_hex(digits, outputs[sample][index]);
    } else if (kind == "stack") {
      std::uint64_t bytes = 0;
      line >> bytes;
      run.stack_bytes = std::max(run.stack_bytes.value_or(0), bytes);
    } else if (kind == "trace") {
      TraceEntry entry;
      line >> entry.step >> entry.output >> std::hex >> entry.fnv1a;
      run.trace.push_back(entry);
    } else if (kind == "fault") {
      fail_run(artifact, target,
               "the processor met a fault, such as a stack overflow or an illegal instruction",
               "compare with another target; report it if the code is mote's own");
    }
    done = done || kind == "done";
  }
  // steps of a row-streamed group end in the order of their last rows
  std::stable_sort(run.trace.begin(), run.trace.end(), [](const TraceEntry& a, const TraceEntry& b) {
    return std::pair(a.step, a.output) < std::pair(b.step, b.output);
  });
  if (!done)
    fail_run(artifact, target, "it stopped early: " + console.substr(0, 500),
             "check the simulator and the target");
  for (const auto& sample : outputs)
    for (std::size_t i = 0; i < sample.size(); ++i)
      MOTE_CHECK(sample[i].size() == artifact.outputs[i].bytes, artifact.outputs[i].name);
  for (auto& sample : outputs) run.outputs.push_back(std::move(sample));
}

void parse_counts(const fs::path& path, std::size_t steps, DeviceRun& run) {
  const auto lines = split(read_text_file(path), '\n');
  std::vector<std::string> names = split(lines.at(0), ' ');
  MOTE_CHECK(names.at(0) == "events");
  names.erase(names.begin());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::istringstream line(lines[i]);
    std::string kind;
    std::size_t index = 0;
    if (!(line >> kind)) continue;
    if (kind == "total" && run.events) return;  // a later sample
    if (kind == "step") line >> index;
    EventCounts counts;
    for (const std::string& name : names) line >> counts[name];
    MOTE_CHECK(!line.fail(), lines[i]);
    if (kind == "total") {
      run.events = std::move(counts);
      run.step_events.resize(steps);
    } else {
      run.step_events.at(index) = std::move(counts);
    }
  }
  MOTE_CHECK(run.events.has_value(), "the instruction counter saw no run");
}

void execute(const Artifact& artifact, const Target& target, const fs::path& image, std::size_t samples,
             const std::optional<Counting>& counting, const RunLimits& limits, DeviceRun& run) {
  if (target.runner.kind != RunnerKind::kHost) require_program(target.runner.program, target.runner.package);
  // user-mode start-up depends on the environment, so it gets none
  const auto result =
      run_process(command(target, image, counting), {.limit = limits.limit, .clean_environment = true});
  if (result.timed_out)
    fail_run(artifact, target, "it ran for more than " + std::to_string(limits.limit.count()) + " seconds",
             "measure on a quieter computer, or a smaller network");
  parse_console(artifact, target, result.output, samples, run);
}

// How many samples go into one program: a quarter of the simulated flash, or 16 MiB where there is none.
std::size_t samples_per_program(const Artifact& artifact, const Target& target) {
  std::uint64_t bytes = 0;
  for (const auto& input : artifact.inputs) bytes += input.bytes;
  const std::uint64_t room = target.bare_metal() ? target.flash.bytes / 4 : 16U << 20;
  return static_cast<std::size_t>(std::max<std::uint64_t>(1, room / std::max<std::uint64_t>(1, bytes)));
}

}  // namespace

DeviceRun run_on_device(const Artifact& artifact, const Target& target, std::span<const Sample> samples,
                        const RunLimits& limits) {
  const TemporaryFolder folder;
  DeviceBuild build(artifact, target, folder.path());
  DeviceRun run;
  const auto group = samples_per_program(artifact, target);
  for (std::size_t start = 0; start < samples.size(); start += group) {
    const auto part = samples.subspan(start, std::min(group, samples.size() - start));
    execute(artifact, target, build.harness(part), part.size(), std::nullopt, limits, run);
  }
  return run;
}

DeviceRun trace_on_device(const Artifact& artifact, const Target& target, const Sample& sample,
                          const RunLimits& limits) {
  const TemporaryFolder folder;
  DeviceBuild build(artifact, target, folder.path(), true);
  DeviceRun run;
  execute(artifact, target, build.harness({&sample, 1}), 1, std::nullopt, limits, run);
  return run;
}

DeviceRun count_on_device(const Artifact& artifact, const Target& target, DeviceBuild& build,
                          const Sample& sample, const RunLimits& limits) {
  DeviceRun run;
  const auto image = build.harness({&sample, 1});
  std::optional<Counting> counting;
  if (target.runner.kind != RunnerKind::kHost) {
    counting = Counting{image.string() + ".map", image.string() + ".counts"};
    write_map(artifact, read_elf(image), counting->map);
  }
  execute(artifact, target, image, 1, counting, limits, run);
  if (counting) parse_counts(counting->counts, artifact.steps.size(), run);
  return run;
}

}  // namespace mote
