// Builds programs around an artifact with a target's compiler: the harness that runs it, and the two bare
// firmwares whose difference is its flash. Errors of the compiler, the linker and missing programs become
// UserErrors.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/target.h"
#include "emit/artifact.h"
#include "measure/measurement.h"

namespace mote {

// The tensors of one inference, in the order of Artifact::inputs, raw bytes.
using Sample = std::vector<Bytes>;

// Throws UserError unless `program` is on PATH; the remedy names the Debian packages.
void require_program(const std::string& program, const std::string& packages);

// The compiler with the options that every compilation of emitted C has.
std::vector<std::string> compiler_command(const Target& target, Optimize optimize);

// Throws UserError where the arena or the weights alone exceed the board, by how many bytes and because of
// which layer.
void check_fits_before_build(const Artifact& artifact, const Target& target);
// The same for the built firmware and the measured stack.
void check_fits(const Artifact& artifact, const Target& target, const FlashUse& flash, const RamUse& ram);

// One build folder: the model is compiled once and linked into each program that is asked for.
class DeviceBuild {
 public:
  // `folder` must exist and outlive the build. With trace the model is compiled with -DMOTE_TRACE.
  DeviceBuild(const Artifact& artifact, const Target& target, std::filesystem::path folder,
              bool trace = false);

  // The harness with the samples linked in; each sample's sizes must be those of the artifact's inputs.
  std::filesystem::path harness(std::span<const Sample> samples);
  std::filesystem::path firmware();        // start-up, the model, and a call of it
  std::filesystem::path empty_firmware();  // start-up alone
  const std::filesystem::path& model_object() const { return model_object_; }

 private:
  std::filesystem::path compile(const std::filesystem::path& source, const std::string& output,
                                const std::vector<std::string>& extra = {});
  std::filesystem::path link(const std::vector<std::filesystem::path>& objects, const std::string& output);
  void write_sources();
  void write_model_header(std::size_t samples);
  std::string linker_script() const;
  bool uses_c_library() const { return artifact_.uses_math || !target_.bare_metal(); }

  Artifact artifact_;
  Target target_;
  std::filesystem::path folder_;
  bool trace_;
  std::vector<std::filesystem::path> model_objects_;  // NAME.c, and NAME.S where there is one
  std::filesystem::path model_object_;
};

}  // namespace mote
