#include "cli/program.h"

#include <CLI/CLI.hpp>

namespace mote::cli {

bool is_training_program() { return false; }

void prepare_process(char** /*argv*/) {}

void add_training_commands(CLI::App& app, Context& context) {
  CLI::App* train = app.add_subcommand("train", "train a network on a data set");
  train->set_help_flag();  // --help too is the other program's
  train->prefix_command();
  train->callback([&context] { become_training_program(context); });
}

}  // namespace mote::cli
