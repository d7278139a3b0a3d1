#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "report/table.h"

namespace mote::cli {

namespace {

void run(Context& context) {
  auto list = nlohmann::json::array();
  Table table({{"name"},
               {"core"},
               {"features"},
               {"runs in"},
               {"board flash", Table::Align::Right},
               {"board RAM", Table::Align::Right}});
  for (const std::string& name : list_targets()) {
    const Target t = load_target(name);
    const std::string runner = t.runner.kind == RunnerKind::kHost ? "this computer" : t.runner.program;
    list.push_back({{"name", t.name},
                    {"core", t.core},
                    {"description", t.description},
                    {"features", t.features},
                    {"runner", runner},
                    {"board_flash_bytes", t.board.flash_bytes},
                    {"board_ram_bytes", t.board.ram_bytes}});
    const auto size = [](std::uint64_t bytes) {
      return bytes == 0 ? std::string("-") : fmt::format("{} KiB", bytes / 1024);
    };
    table.add_row(
        {t.name, t.core, join(t.features, " "), runner, size(t.board.flash_bytes), size(t.board.ram_bytes)});
  }
  if (context.json)
    context.print(list);
  else
    context.print(table.text());
}

}  // namespace

void add_targets(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("targets", "the devices that mote knows");
  add_common(*command, context);
  command->footer("Example: mote targets");
  command->callback([&context] { run(context); });
}

}  // namespace mote::cli
