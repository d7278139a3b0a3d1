#include "cli/program.h"
#include "train/process.h"

namespace mote::cli {

bool is_training_program() { return true; }

void prepare_process(char** argv) { train::prepare_process(argv); }

void add_training_commands(CLI::App& /*app*/, Context& /*context*/) {}

}  // namespace mote::cli
