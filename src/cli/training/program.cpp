#include "cli/program.h"
#include "train/process.h"

#include "cli/training/train.h"

namespace mote::cli {

bool is_training_program() { return true; }

void prepare_process(char** argv) { train::prepare_process(argv); }

void add_training_commands(CLI::App& app, Context& context) { add_train(app, context); }

}  // namespace mote::cli
