#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/command.h"

namespace mote::cli {

namespace {

// A bash function built from the very options that the parser knows, so that it cannot go stale.
std::string script(const CLI::App& app) {
  std::string cases;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
    std::vector<std::string> flags;
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    cases += "    " + command->get_name() + ") words='" + join(flags, " ") + "' ;;\n";
  }
  return "_mote() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=''\n"
         "  if [[ $previous == --target ]]; then\n"
         "    words='" +
         join(list_targets(), " ") +
         "'\n"
         "  elif (( COMP_CWORD == 1 )); then\n"
         "    words='" +
         join(names, " ") +
         "'\n"
         "  else\n"
         "    case ${COMP_WORDS[1]} in\n" +
         cases +
         "    esac\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  [[ $current == -* ]] || COMPREPLY+=($(compgen -f -- \"$current\"))\n"
         "}\n"
         "complete -o filenames -F _mote mote\n";
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("completion", "a completion script for bash");
  command->footer("Example: source <(mote completion)");
  command->callback([&app, &context] { context.print(script(app)); });
}

}  // namespace mote::cli
