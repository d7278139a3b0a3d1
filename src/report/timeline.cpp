#include "report/timeline.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mote {

namespace {

std::string shortened(const std::string& name, std::size_t most) {
  return name.size() <= most ? name : name.substr(0, most - 3) + "...";
}

// Tens and units of the column numbers.
std::string ruler(std::size_t steps, const std::string& indent) {
  std::string tens = indent;
  std::string units = indent;
  for (std::size_t s = 0; s < steps; ++s) {
    tens += s % 10 == 0 && s > 0 ? static_cast<char>('0' + s / 10 % 10) : ' ';
    units += static_cast<char>('0' + s % 10);
  }
  return (steps > 10 ? tens + "\n" : "") + units + "\n";
}

char mark(const PlacedBlock& block) {
  if (block.is_scratch) return '.';
  return block.slots > 0 ? '=' : '#';
}

}  // namespace

std::string timeline_text(const Plan& plan) {
  constexpr std::size_t kName = 34;
  std::string text = fmt::format("arena of {} bytes by step: # tensor, = line buffer, . scratch\n",
                                 format_count(static_cast<std::uint64_t>(plan.arena_bytes)));
  text += ruler(plan.steps.size(), std::string(kName + 21, ' '));
  for (const PlacedBlock& block : plan.blocks) {
    std::string line(plan.steps.size(), ' ');
    for (std::size_t s = block.first_step; s <= block.last_step && s < line.size(); ++s)
      line[s] = mark(block);
    const std::string rows = block.slots > 0 ? fmt::format(" [{} rows]", block.slots) : "";
    text += fmt::format("{:>9} {:>9}  {:<{}}{}\n", format_count(static_cast<std::uint64_t>(block.offset)),
                        format_count(static_cast<std::uint64_t>(block.bytes)),
                        shortened(block.name, kName - rows.size()) + rows, kName, line);
  }
  for (const Group& group : plan.groups)
    text += fmt::format("steps {} to {} run row by row in {} calls\n", group.first_step, group.end_step - 1,
                        group.calls.size());
  return text;
}

}  // namespace mote
