#include "measure/host.h"

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/error.h"
#include "base/process.h"

namespace mote {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kArenaAlign = 64;  // at least the alignment that any emitted arena asks for

fs::path build_library(const Artifact& artifact, const Target& host, const fs::path& folder) {
  const auto& compiler = host.compiler;
  require_program(compiler.program, compiler.package);
  auto argv = compiler_command(host, artifact.optimize);
  const auto source = (artifact.folder / (artifact.name + ".c")).string();
  argv.insert(argv.end(), {"-shared", "-fPIC", "-I" + artifact.folder.string(), source});
  if (artifact.threads > 1)
    argv.insert(argv.end(), {"-pthread", (artifact.folder / (artifact.name + "_threads.c")).string()});
  const auto library = folder / (artifact.name + ".so");
  argv.insert(argv.end(), {"-lm", "-o", library.string()});
  const auto result = run_process(argv, {.limit = std::chrono::seconds(600)});
  if (result.exit_code != 0 || result.timed_out)
    throw UserError(
        {"cannot compile for the host", source,
         result.timed_out ? "the compiler ran for more than 10 minutes" : result.output.substr(0, 2000),
         "check the file and the compiler " + compiler.program});
  return library;
}

}  // namespace

CompiledModel::CompiledModel(const Artifact& artifact, const Target& host) : artifact_(artifact) {
  const auto library = build_library(artifact, host, folder_.path());
  library_ = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto find = [&](const std::string& function) {
    void* const found = library_ ? ::dlsym(library_, (artifact.name + function).c_str()) : nullptr;
    if (found) return found;
    const char* const why = ::dlerror();
    if (library_) ::dlclose(library_);
    throw UserError({"cannot load the compiled network", (artifact.folder / artifact.name).string() + ".c",
                     why ? why : "", "compile the network again"});
  };
  run_ = reinterpret_cast<void (*)(void*)>(find(artifact.feed_rows > 0 ? "_begin" : "_run"));
  if (artifact.feed_rows > 0) push_row_ = reinterpret_cast<int (*)(void*, const void*)>(find("_push_row"));
}

CompiledModel::~CompiledModel() { ::dlclose(library_); }

CompiledModel::Arena::Arena(const CompiledModel& model)
    : storage_(model.artifact().arena_bytes + kArenaAlign) {
  const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
  data_ = storage_.data() + (kArenaAlign - address % kArenaAlign) % kArenaAlign;
}

void CompiledModel::set_input(Arena& arena, std::size_t i, const Bytes& bytes) const {
  if (!push_row_) std::memcpy(arena.data() + artifact_.inputs[i].offset, bytes.data(), bytes.size());
}

void CompiledModel::execute(Arena& arena, std::span<const Bytes> inputs) const {
  run_(arena.data());
  if (!push_row_) return;
  const std::size_t row_bytes = inputs[0].size() / artifact_.feed_rows;
  int done = 0;
  for (std::size_t row = 0; row < artifact_.feed_rows; ++row)
    done = push_row_(arena.data(), inputs[0].data() + row * row_bytes);
  MOTE_CHECK(done == 1, "a streamed network that does not finish with its last row");
}

std::vector<Bytes> CompiledModel::run(Arena& arena, std::span<const Bytes> inputs) const {
  MOTE_CHECK(inputs.size() == artifact_.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    MOTE_CHECK(inputs[i].size() == artifact_.inputs[i].bytes, artifact_.inputs[i].name);
    set_input(arena, i, inputs[i]);
  }
  execute(arena, inputs);
  std::vector<Bytes> outputs;
  for (const auto& port : artifact_.outputs) {
    const std::byte* const begin = arena.data() + port.offset;
    outputs.emplace_back(begin, begin + port.bytes);
  }
  return outputs;
}

std::vector<Bytes> CompiledModel::run(std::span<const Bytes> inputs) const {
  Arena arena(*this);
  return run(arena, inputs);
}

double time_inference(const CompiledModel& model, std::span<const Bytes> inputs, double seconds) {
  using Clock = std::chrono::steady_clock;
  CompiledModel::Arena arena(model);
  std::vector<double> times;
  const auto begun = Clock::now();
  while (times.size() < 5 || std::chrono::duration<double>(Clock::now() - begun).count() < seconds) {
    for (std::size_t i = 0; i < inputs.size(); ++i) model.set_input(arena, i, inputs[i]);
    const auto start = Clock::now();
    model.execute(arena, inputs);
    times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace mote
