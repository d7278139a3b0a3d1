#include "cli/program.h"

namespace mote::cli {

bool is_training_program() { return false; }

void prepare_process(char** /*argv*/) {}

void add_training_commands(CLI::App& /*app*/, Context& /*context*/) {}

}  // namespace mote::cli
