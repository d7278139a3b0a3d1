#include <fmt/format.h>

#include <algorithm>

#include "emit/c_parts.h"

namespace mote::emit {

namespace {

int bits_for(std::int64_t largest) {
  int bits = 0;
  while ((std::int64_t{1} << bits) <= largest) ++bits;
  return bits;
}

// The calls of a group as a table: the index of the step in `members` in the low bits, rows - 1 above them.
struct Schedule {
  std::vector<std::int32_t> members;  // in order; kFeed is the first
  int shift = 0;
  std::string definition;

  std::int32_t mask() const { return (1 << shift) - 1; }
};

Schedule schedule_of(const Group& group, const std::string& symbol) {
  Schedule s;
  for (const RowCall& call : group.calls)
    if (std::find(s.members.begin(), s.members.end(), call.step) == s.members.end())
      s.members.push_back(call.step);
  std::sort(s.members.begin(), s.members.end());
  s.shift = bits_for(static_cast<std::int64_t>(s.members.size()) - 1);
  std::int64_t largest = 0;
  std::string codes;
  for (std::size_t i = 0; i < group.calls.size(); ++i) {
    const RowCall& call = group.calls[i];
    const auto index = std::find(s.members.begin(), s.members.end(), call.step) - s.members.begin();
    const std::int64_t code = index | ((call.rows - 1) << s.shift);
    largest = std::max(largest, code);
    codes += (i == 0 ? "" : i % 24 == 0 ? ",\n  " : ", ") + std::to_string(code);
  }
  s.definition = fmt::format("static const {} {}[] = {{\n  {}}};\n\n",
                             largest < 256     ? "uint8_t"
                             : largest < 65536 ? "uint16_t"
                                               : "int32_t",
                             symbol, codes);
  return s;
}

std::string cases_text(const Plan& plan, const Schedule& s, const std::string& name,
                       const std::vector<std::size_t>& step_numbers) {
  std::string cases;
  for (std::size_t i = 0; i < s.members.size(); ++i) {
    if (s.members[i] == RowCall::kFeed) {
      cases += fmt::format("    case {}:\n      return 0;\n", i);
      continue;
    }
    const auto step = static_cast<std::size_t>(s.members[i]);
    const std::string arguments = plan.steps[step].streamed ? fmt::format(", next[{}], rows", i) : "";
    cases += fmt::format("    case {}:\n      {}_step_{}(arena{});\n      break;\n", i, name,
                         step_numbers[step], arguments);
  }
  return cases;
}

}  // namespace

std::string group_text(const Plan& plan, std::size_t number, const std::string& name,
                       const std::vector<std::size_t>& step_numbers) {
  const Group& group = plan.groups[number];
  const bool fed = number == 0 && plan.feed;
  const std::string table = fmt::format("{}_schedule_{}", name, number);
  const Schedule s = schedule_of(group, table);
  std::string text =
      "/* Step and number of rows of each call of a group that runs row by row. */\n" + s.definition;
  const std::string body = fmt::format(
      "    const int32_t code = {}[{}], rows = (code >> {}) + 1;\n"
      "    (void)rows;\n"
      "    switch (code & {}) {{\n{}    }}\n"
      "    next[code & {}] += rows;\n",
      table, fed ? "*place" : "i", s.shift, s.mask(), cases_text(plan, s, name, step_numbers), s.mask());
  if (fed)
    return text + fmt::format(
                      "/* Runs the calls behind *place up to one that needs a row of the input, then returns "
                      "0; 1 at the "
                      "end. */\n"
                      "static int {}_advance(unsigned char *arena, int32_t *place, int32_t *next)\n{{\n"
                      "  while (++*place < {}) {{\n{}  }}\n  return 1;\n}}\n\n",
                      name, group.calls.size(), body);
  return text + fmt::format(
                    "MOTE_STEP void {}_group_{}(unsigned char *arena)\n{{\n  int32_t next[{}] = {{0}};\n  "
                    "int32_t i;\n"
                    "  for (i = 0; i < {}; i++) {{\n{}  }}\n}}\n\n",
                    name, number, s.members.size(), group.calls.size(), body);
}

std::string feed_text(const Plan& plan, const std::string& name, const std::string& start,
                      const std::string& rest) {
  const Feed& feed = *plan.feed;
  const ValueId input = plan.graph.inputs()[0];
  const std::int64_t slots = plan.slots[input.index] > 0 ? plan.slots[input.index] : feed.rows;
  std::size_t members = 1;
  for (std::size_t s = plan.groups[0].first_step; s < plan.groups[0].end_step; ++s)
    members += plan.steps[s].kernel ? 1 : 0;
  const std::string state = fmt::format(
      "  unsigned char *base = (unsigned char *)arena;\n"
      "  int32_t *state = (int32_t *)(void *)(base + {}); /* place in the schedule, rows done */\n",
      feed.state_offset);
  return fmt::format(
      "void {0}_begin(void *arena)\n{{\n{1}  int32_t i;\n{2}"
      "  for (i = 0; i <= {3}; i++)\n    state[i] = i == 0 ? -1 : 0;\n"
      "  (void){0}_advance(base, state, state + 1);\n}}\n\n"
      "int {0}_push_row(void *arena, const void *row)\n{{\n{1}"
      "  memcpy(base + {4} + state[1] % {5} * {6}, row, {6});\n"
      "  state[1]++;\n"
      "  if (!{0}_advance(base, state, state + 1))\n    return 0;\n{7}  return 1;\n}}\n",
      name, state, start, members, plan.offsets.at(input.index).value(), slots, feed.row_bytes, rest);
}

}  // namespace mote::emit
