#include "measure/build.h"

#include <algorithm>
#include <regex>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/resource.h"
#include "base/text.h"

namespace mote {

namespace fs = std::filesystem;

namespace {

// Without it the compiler turns the loop of memset into a call of memset.
constexpr const char* kNoRecursion = "-fno-tree-loop-distribute-patterns";

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::string first_lines(const std::string& text, std::size_t count) {
  const auto lines = split(text, '\n');
  return join({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(std::min(count, lines.size()))},
              "\n");
}

std::string heaviest_layer(const Artifact& artifact) {
  const auto heaviest =
      std::max_element(artifact.steps.begin(), artifact.steps.end(),
                       [](const auto& a, const auto& b) { return a.weights_bytes < b.weights_bytes; });
  return heaviest == artifact.steps.end() || heaviest->weights_bytes == 0
             ? std::string()
             : "the layer '" + heaviest->name + "' has the largest weights, " +
                   format_bytes(heaviest->weights_bytes);
}

[[noreturn]] void fail_fit(const Artifact& artifact, const Target& target, const std::string& memory,
                           std::uint64_t needed, std::uint64_t limit, const std::string& layer) {
  throw UserError({"the network '" + artifact.name + "' does not fit the " + memory + " of " + target.name,
                   target.board.name,
                   format_count(needed - limit) + " bytes too many: it needs " + format_bytes(needed) +
                       ", the " + memory + " has " + format_bytes(limit) +
                       (layer.empty() ? "" : "; " + layer),
                   "quantize or shrink the network, or choose a larger target"});
}

// The linker's "region `RAM' overflowed by 1234 bytes".
void check_overflow(const Artifact& artifact, const Target& target, const std::string& output) {
  std::smatch match;
  static const std::regex kOverflow("region `([A-Z]+)' overflowed by ([0-9]+) bytes");
  if (!std::regex_search(output, match, kOverflow)) return;
  const bool ram = match[1] == "RAM";
  const auto limit = ram ? target.ram.bytes : target.flash.bytes;
  fail_fit(artifact, target, ram ? "simulated RAM" : "simulated flash", limit + std::stoull(match[2]), limit,
           ram ? (artifact.peak_step.empty() ? "" : "the layer '" + artifact.peak_step + "' sets the peak")
               : heaviest_layer(artifact));
}

}  // namespace

void require_program(const std::string& program, const std::string& packages) {
  if (find_program(program)) return;
  throw UserError(
      {"cannot run the program", program, "it is not on PATH",
       packages.empty() ? "install it, or mend PATH" : "apt install " + packages + ", or mend PATH"});
}

std::vector<std::string> compiler_command(const Target& target, Optimize optimize) {
  const auto& compiler = target.compiler;
  std::vector<std::string> argv = {compiler.program};
  argv.insert(argv.end(), compiler.flags.begin(), compiler.flags.end());
  const auto& level = optimize == Optimize::kSize ? compiler.size_flags : compiler.speed_flags;
  argv.insert(argv.end(), level.begin(), level.end());
  // contraction would change the results of float operators from target to target
  argv.insert(argv.end(), {"-std=c99", "-ffp-contract=off"});
  return argv;
}

void check_fits_before_build(const Artifact& artifact, const Target& target) {
  const auto ram = target.board.ram_bytes, flash = target.board.flash_bytes;
  if (ram != 0 && artifact.arena_bytes > ram)
    fail_fit(artifact, target, "RAM", artifact.arena_bytes, ram,
             artifact.peak_step.empty()
                 ? ""
                 : "the layer '" + artifact.peak_step + "' sets the peak of the arena");
  if (flash != 0 && artifact.weights_bytes > flash)
    fail_fit(artifact, target, "flash", artifact.weights_bytes, flash, heaviest_layer(artifact));
}

void check_fits(const Artifact& artifact, const Target& target, const FlashUse& flash, const RamUse& ram) {
  const auto& board = target.board;
  if (board.flash_bytes != 0 && flash.total_bytes() > board.flash_bytes)
    fail_fit(artifact, target, "flash", flash.total_bytes(), board.flash_bytes, heaviest_layer(artifact));
  if (board.ram_bytes != 0 && ram.total_bytes() > board.ram_bytes)
    fail_fit(artifact, target, "RAM", ram.total_bytes(), board.ram_bytes,
             artifact.peak_step.empty()
                 ? ""
                 : "the layer '" + artifact.peak_step + "' sets the peak of the arena");
}

DeviceBuild::DeviceBuild(const Artifact& artifact, const Target& target, fs::path folder, bool trace)
    : artifact_(artifact), target_(target), folder_(std::move(folder)), trace_(trace) {
  require_program(target.compiler.program, target.compiler.package);
  write_sources();
  const auto source = artifact_.folder / (artifact_.name + ".c");
  // without position independence, so that tables of pointers stay constants and the object's sizes are those
  // of the code
  std::vector<std::string> options;
  if (!target_.bare_metal()) options.push_back("-fno-pie");
  if (trace_) options.push_back("-DMOTE_TRACE");
  model_object_ = compile(source, "model.o", options);
  model_objects_ = {model_object_};
  if (artifact_.threads > 1)
    model_objects_.push_back(compile(artifact_.folder / (artifact_.name + "_threads.c"), "model_threads.o"));
  if (artifact_.has_assembly)
    model_objects_.push_back(compile(artifact_.folder / (artifact_.name + ".S"), "model_assembly.o"));
}

void DeviceBuild::write_sources() {
  const std::string root = "targets/boot/";
  for (const auto path : resources_below(root, "")) {
    const fs::path to = folder_ / path.substr(root.size());
    make_folder(to.parent_path());
    write_file(to, resource(path));
  }
  if (target_.bare_metal()) write_file(folder_ / "image.ld", linker_script());
}

std::string DeviceBuild::linker_script() const {
  std::string script(resource("targets/boot/image.ld.in"));
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  replace_all(script, "@FLASH_BASE@", number(target_.flash.base));
  replace_all(script, "@FLASH_BYTES@", number(target_.flash.bytes));
  replace_all(script, "@RAM_BASE@", number(target_.ram.base));
  replace_all(script, "@RAM_BYTES@", number(target_.ram.bytes));
  const bool apart = target_.vectors_base.has_value();
  replace_all(script, "@VECTORS_MEMORY@",
              apart ? "VECTORS (rx) : ORIGIN = " + number(*target_.vectors_base) + ", LENGTH = 1024" : "");
  replace_all(script, "@VECTORS_ALIAS@", apart ? "" : "REGION_ALIAS(\"VECTORS\", FLASH)");
  return script;
}

void DeviceBuild::write_model_header(std::size_t samples) {
  const auto prefix = upper_case(artifact_.name);
  std::ostringstream out;
  out << "#ifndef MEASURED_MODEL_H\n#define MEASURED_MODEL_H\n#include \"" << artifact_.name << ".h\"\n"
      << "#define MEASURED_ARENA_BYTES " << prefix << "_ARENA_BYTES\n"
      << "#define MEASURED_ARENA_ALIGN " << prefix << "_ARENA_ALIGN\n"
      << "#define MEASURED_SAMPLES " << samples << "\n"
      << "#define MEASURED_STEPS " << artifact_.steps.size() << "\n"
      << "struct ModelPort { unsigned long offset, bytes; };\n";
  for (const auto& [ports, name] :
       {std::pair{&artifact_.inputs, "INPUT"}, std::pair{&artifact_.outputs, "OUTPUT"}}) {
    out << "static const struct ModelPort model_" << (name[0] == 'I' ? "inputs" : "outputs") << "[] = {\n";
    for (std::size_t i = 0; i < ports->size(); ++i) {
      const std::string port = prefix + '_' + name + '_' + std::to_string(i);
      const bool fed = name[0] == 'I' && artifact_.feed_rows > 0;
      out << "    {" << (fed ? "0" : port + "_OFFSET") << ", " << port << "_BYTES},\n";
    }
    out << "};\n";
  }
  if (artifact_.feed_rows > 0)
    out << "#define MEASURED_FEED\nstatic const unsigned char* measured_input;\n"
        << "static inline void measured_run(void* arena) {\n"
        << "  const unsigned char* row = measured_input;\n  " << artifact_.name << "_begin(arena);\n"
        << "  while (!" << artifact_.name << "_push_row(arena, row)) row += " << prefix
        << "_INPUT_0_ROW_BYTES;\n}\n#define MEASURED_RUN measured_run\n";
  else
    out << "#define MEASURED_RUN " << artifact_.name << "_run\n";
  out << "#endif\n";
  write_file(folder_ / "measured_model.h", out.str());
}

fs::path DeviceBuild::compile(const fs::path& source, const std::string& output,
                              const std::vector<std::string>& extra) {
  const auto& compiler = target_.compiler;
  auto argv = compiler_command(target_, artifact_.optimize);
  argv.insert(argv.end(), {"-ffunction-sections", "-fdata-sections"});
  if (!target_.bare_metal()) argv.push_back("-DMOTE_HOSTED");
  if (trace_) argv.push_back("-DMOTE_TRACE");
  if (uses_c_library()) {
    argv.insert(argv.end(), compiler.math_flags.begin(), compiler.math_flags.end());
  } else {
    argv.insert(argv.end(), {"-isystem", (folder_ / "include").string()});
  }
  argv.insert(argv.end(), {"-I" + folder_.string(), "-I" + artifact_.folder.string()});
  argv.insert(argv.end(), extra.begin(), extra.end());
  const fs::path object = folder_ / output;
  argv.insert(argv.end(), {"-c", source.string(), "-o", object.string()});
  const auto result = run_process(argv, {.limit = std::chrono::seconds(600)});
  if (result.exit_code == 0 && !result.timed_out) return object;
  static const std::regex kNoLibrary("(math|stdint|string)\\.h: No such file|cannot read spec file");
  if (artifact_.uses_math && std::regex_search(result.output, kNoLibrary))
    throw UserError({"cannot compile for " + target_.name, source.string(),
                     "the network uses <math.h>, and the compiler has no C library",
                     "apt install " + compiler.math_package});
  throw UserError(
      {"cannot compile for " + target_.name, source.string(),
       result.timed_out ? "the compiler ran for more than 10 minutes" : first_lines(result.output, 12),
       "check the file and the compiler " + compiler.program});
}

fs::path DeviceBuild::link(const std::vector<fs::path>& objects, const std::string& output) {
  const auto& compiler = target_.compiler;
  std::vector<std::string> argv = {compiler.program};
  argv.insert(argv.end(), compiler.flags.begin(), compiler.flags.end());
  argv.push_back("-Wl,--gc-sections");
  if (target_.bare_metal()) {
    argv.insert(argv.end(), {"-nostartfiles", "-nodefaultlibs", "-T", (folder_ / "image.ld").string()});
    if (artifact_.uses_math) argv.insert(argv.end(), compiler.math_flags.begin(), compiler.math_flags.end());
  } else {
    argv.push_back(target_.runner.kind == RunnerKind::kQemuUser ? "-static" : "-no-pie");
  }
  for (const auto& object : objects) argv.push_back(object.string());
  if (artifact_.threads > 1) argv.push_back("-pthread");
  if (uses_c_library()) argv.insert(argv.end(), {"-lm", "-lc"});
  if (target_.bare_metal()) argv.push_back("-lgcc");
  const fs::path image = folder_ / output;
  argv.insert(argv.end(), {"-o", image.string()});
  const auto result = run_process(argv, {.limit = std::chrono::seconds(300)});
  if (result.exit_code == 0 && !result.timed_out) return image;
  check_overflow(artifact_, target_, result.output);
  if (artifact_.uses_math && result.output.find("cannot find -lm") != std::string::npos)
    throw UserError({"cannot link for " + target_.name, artifact_.name, "the compiler has no math library",
                     "apt install " + compiler.math_package});
  throw UserError({"cannot link for " + target_.name, artifact_.name, first_lines(result.output, 12),
                   "check the target description and the compiler " + compiler.program});
}

fs::path DeviceBuild::harness(std::span<const Sample> samples) {
  std::string blob;
  for (const auto& sample : samples) {
    MOTE_CHECK(sample.size() == artifact_.inputs.size());
    for (std::size_t i = 0; i < sample.size(); ++i) {
      MOTE_CHECK(sample[i].size() == artifact_.inputs[i].bytes, artifact_.inputs[i].name);
      blob.append(reinterpret_cast<const char*>(sample[i].data()), sample[i].size());
    }
  }
  write_file(folder_ / "samples.bin", blob);
  write_file(folder_ / "samples.S",
             ".section .rodata.mote_samples, \"a\"\n.global mote_samples\n.balign 16\nmote_samples:\n"
             ".incbin \"" +
                 (folder_ / "samples.bin").string() +
                 "\"\n.byte 0\n"
                 ".section .note.GNU-stack, \"\"\n");
  write_model_header(samples.size());
  auto objects = model_objects_;
  objects.push_back(compile(folder_ / (target_.runner.boot + ".c"), "boot.o"));
  objects.push_back(compile(folder_ / "harness.c", "harness.o", {"-std=gnu11"}));
  objects.push_back(compile(folder_ / "samples.S", "samples.o"));
  if (target_.bare_metal()) objects.push_back(compile(folder_ / "memory.c", "memory.o", {kNoRecursion}));
  return link(objects, "harness.elf");
}

fs::path DeviceBuild::firmware() {
  write_model_header(0);
  auto objects = model_objects_;
  objects.push_back(compile(folder_ / (target_.runner.boot + ".c"), "boot.o"));
  objects.push_back(compile(folder_ / "firmware.c", "firmware.o", {"-std=gnu11"}));
  objects.push_back(compile(folder_ / "memory.c", "memory.o", {kNoRecursion}));
  return link(objects, "firmware.elf");
}

fs::path DeviceBuild::empty_firmware() {
  return link({compile(folder_ / (target_.runner.boot + ".c"), "boot.o"),
               compile(folder_ / "firmware.c", "empty.o", {"-DMOTE_EMPTY"}),
               compile(folder_ / "memory.c", "memory.o", {kNoRecursion})},
              "empty.elf");
}

}  // namespace mote
