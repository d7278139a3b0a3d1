#pragma once

#include "cli/command.h"

namespace mote::cli {

void add_train(CLI::App& app, Context& context);

}  // namespace mote::cli
