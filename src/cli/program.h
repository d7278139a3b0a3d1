// The two programs. mote links no LibTorch, which would cost every start half a second; mote-train has every
// command of mote and those that train. mote hands a command that trains over to the mote-train beside it,
// with the same arguments.
#pragma once

#include "cli/command.h"

namespace mote::cli {

// Whether this program is mote-train. (Each program has its own: cli/delegating, cli/training.)
bool is_training_program();

// First thing in main: settings that must hold before the first allocation and the first parallel region.
void prepare_process(char** argv);

// The commands that train: the real ones in mote-train, in mote ones that start it.
void add_training_commands(CLI::App& app, Context& context);

// Replaces this process by mote-train with the arguments of this one. UserError where it was not built.
[[noreturn]] void become_training_program(const Context& context);

}  // namespace mote::cli
