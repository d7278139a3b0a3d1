#include "cli/program.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace mote::cli {

void become_training_program(const Context& context) {
  MOTE_CHECK(!is_training_program());
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "mote-train";
  execv(program.c_str(), context.argv);
  throw UserError({"this command trains, and mote was built without training", program.string(),
                   std::strerror(errno), "install libtorch-dev and build again with -DMOTE_TRAIN=ON"});
}

}  // namespace mote::cli
