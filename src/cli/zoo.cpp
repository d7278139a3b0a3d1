#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "report/table.h"
#include "zoo/zoo.h"

namespace mote::cli {

namespace {

void run(Context& context) {
  auto list = nlohmann::json::array();
  Table table({{"name"}, {"for"}, {"parameters"}, {"source"}});
  for (const ZooRow& row : zoo_list()) {
    nlohmann::json keys;
    std::vector<std::string> texts;
    for (const ZooKey& key : row.keys) {
      keys[std::string(key.name)] = key.value;
      texts.push_back(std::string(key.name) + "=" + format_double(key.value));
    }
    list.push_back({{"name", row.name}, {"use", row.use}, {"parameters", keys}, {"source", row.source}});
    table.add_row({std::string(row.name), std::string(row.use), join(texts, "&"), std::string(row.source)});
  }
  if (context.json)
    context.print(list);
  else
    context.print(table.text());
}

}  // namespace

void add_zoo(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("zoo", "the networks of the zoo; zoo:NAME?key=value stands for a model");
  add_common(*command, context);
  command->footer("Example: mote zoo");
  command->callback([&context] { run(context); });
}

}  // namespace mote::cli
