// An artifact compiled for this computer and loaded into this process: fast evaluation with the very code
// that ships.
#pragma once

#include <memory>
#include <span>

#include "base/file.h"
#include "measure/build.h"

namespace mote {

class CompiledModel {
 public:
  // Compiles and loads; throws UserError where the compiler is missing or refuses.
  explicit CompiledModel(const Artifact& artifact, const Target& host = load_target("host"));
  ~CompiledModel();
  CompiledModel(const CompiledModel&) = delete;
  CompiledModel& operator=(const CompiledModel&) = delete;

  // Memory of one inference, suitably aligned. Each thread needs its own.
  class Arena {
   public:
    explicit Arena(const CompiledModel& model);
    std::byte* data() { return data_; }
    const std::byte* data() const { return data_; }

   private:
    std::vector<std::byte> storage_;
    std::byte* data_;
  };

  // One inference; `inputs` have the sizes of the artifact's inputs. Callable from many threads with an arena
  // each.
  std::vector<Bytes> run(Arena& arena, std::span<const Bytes> inputs) const;
  std::vector<Bytes> run(std::span<const Bytes> inputs) const;

  // One inference on inputs that stand in the arena at the artifact's offsets, and may be overwritten.
  void run_in_place(Arena& arena) const { run_(arena.data()); }

  const Artifact& artifact() const { return artifact_; }

 private:
  Artifact artifact_;
  TemporaryFolder folder_;
  friend double time_inference(const CompiledModel& model, std::span<const Bytes> inputs, double seconds);

  void set_input(Arena& arena, std::size_t i, const Bytes& bytes) const;  // nothing where it is streamed
  void execute(Arena& arena, std::span<const Bytes> inputs) const;

  void* library_ = nullptr;
  void (*run_)(void*) = nullptr;  // NAME_run, or NAME_begin before the rows
  int (*push_row_)(void*, const void*) = nullptr;
};

// Median seconds of one inference, repeated for about `seconds` and at least five times; input copies are not
// timed.
double time_inference(const CompiledModel& model, std::span<const Bytes> inputs, double seconds = 0.3);

}  // namespace mote
