#include <CLI/CLI.hpp>
#include <string_view>

#include "base/error.h"
#include "cli/program.h"
#include "cli/quantize.h"

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

// The arguments are looked at before they are parsed: mote knows only a part of them.
void add_quantize_by_training(CLI::App& command, const std::shared_ptr<QuantizeArguments>& /*arguments*/,
                              Context& context) {
  constexpr std::string_view kMethod = "--method";
  char** const argv = context.argv;
  if (!argv || !argv[0] || !argv[1] || argv[1] != command.get_name()) return;
  for (char** arg = argv + 2; *arg; ++arg) {
    std::string_view text = *arg;
    if (!text.starts_with(kMethod)) continue;
    text.remove_prefix(kMethod.size());
    if (text.empty() && arg[1])
      text = arg[1];
    else if (text.starts_with("="))
      text.remove_prefix(1);
    else
      continue;
    if (is_range_method(std::string(text))) continue;
    try {
      become_training_program(context);
    } catch (const UserError& e) {
      throw UserError({e.parts().what, "--method " + std::string(text), e.parts().why, e.parts().remedy});
    }
  }
}

}  // namespace mote::cli
