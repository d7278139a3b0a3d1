#include "cli/program.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdlib>

namespace mote::cli {

bool is_training_program() { return true; }

// The OpenMP runtime reads its wait policy when it is loaded, before main: spinning threads cost a factor of
// five where cores are shared, so the program starts itself again with the policy set. The allocator keeps
// what training frees: by default glibc gives the large blocks of every layer back to the system, and a
// quarter of the time goes into fresh pages.
void prepare_process(char** argv) {
  if (!std::getenv("OMP_WAIT_POLICY")) {
    setenv("OMP_WAIT_POLICY", "passive", 1);
    execv("/proc/self/exe", argv);
  }
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2000000000);
  mallopt(M_TOP_PAD, 64 << 20);
}

void add_training_commands(CLI::App& /*app*/, Context& /*context*/) {}

}  // namespace mote::cli
