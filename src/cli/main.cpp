#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "base/error.h"
#include "cli/command.h"
#include "cli/program.h"

namespace {

constexpr int kBadInput = 2;

void add_commands(CLI::App& app, mote::cli::Context& context) {
  using namespace mote::cli;
  add_inspect(app, context);
  add_run(app, context);
  add_quantize(app, context);
  add_compile(app, context);
  add_measure(app, context);
  add_convert(app, context);
  add_targets(app, context);
  add_zoo(app, context);
  add_data(app, context);
  add_training_commands(app, context);
  add_completion(app, context);
}

int run(int argc, char** argv) {
  CLI::App app("mote: a neural network and a device budget in, code that runs there out");
  app.name("mote");
  app.set_version_flag("--version", MOTE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Every command has --help with an example. Exit code 0: done, 1: a check failed, 2: bad usage or "
      "input.");
  mote::cli::Context context;
  context.argv = argv;
  add_commands(app, context);
  const auto is_command = [&](const CLI::App* command) { return argc > 1 && command->get_name() == argv[1]; };
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  if (argc > 1 && argv[1][0] != '-' && std::none_of(commands.begin(), commands.end(), is_command))
    throw mote::UserError(
        {"unknown command", argv[1], "mote has no command of that name", "see mote --help"});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : kBadInput;
  }
  return context.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  mote::cli::prepare_process(argv);
  try {
    return run(argc, argv);
  } catch (const mote::UserError& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return kBadInput;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "error: out of memory\n");
    return kBadInput;
  } catch (const std::exception& e) {
    std::fprintf(
        stderr,
        "internal error: %s\nThis is a bug of mote; please report it with the command and the file.\n",
        e.what());
    return 3;
  }
}
