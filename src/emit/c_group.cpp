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

}  // namespace

GroupText group_text(const Group& group, const std::string& name, std::size_t number,
                     const std::vector<std::size_t>& step_numbers) {
  std::vector<std::int32_t> members;  // steps that run, by their index in the table's codes
  for (const RowCall& call : group.calls)
    if (std::find(members.begin(), members.end(), call.step) == members.end()) members.push_back(call.step);
  std::sort(members.begin(), members.end());
  const int shift = bits_for(static_cast<std::int64_t>(members.size()) - 1);
  std::int64_t largest = 0;
  std::string codes;
  for (std::size_t i = 0; i < group.calls.size(); ++i) {
    const RowCall& call = group.calls[i];
    const auto index = std::find(members.begin(), members.end(), call.step) - members.begin();
    const std::int64_t code = index | ((call.rows - 1) << shift);
    largest = std::max(largest, code);
    codes += (i == 0 ? "" : i % 24 == 0 ? ",\n  " : ", ") + std::to_string(code);
  }
  std::string cases;
  for (std::size_t i = 0; i < members.size(); ++i)
    cases += fmt::format("    case {}:\n      {}_step_{}(arena, next[{}], rows);\n      break;\n", i, name,
                         step_numbers[static_cast<std::size_t>(members[i])], i);
  GroupText text;
  text.call = fmt::format("{}_group_{}", name, number);
  text.definition = fmt::format(
      "/* Steps {0} to {1} row by row: step and number of rows of each call. */\n"
      "static const {2} {3}_schedule_{4}[] = {{\n  {5}}};\n\n"
      "MOTE_STEP void {3}_group_{4}(unsigned char *arena)\n{{\n"
      "  int32_t next[{6}] = {{0}};\n  int32_t i;\n"
      "  for (i = 0; i < {7}; i++) {{\n"
      "    const int32_t code = {3}_schedule_{4}[i], rows = (code >> {8}) + 1;\n"
      "    switch (code & {9}) {{\n{10}    }}\n"
      "    next[code & {9}] += rows;\n  }}\n}}\n\n",
      step_numbers[static_cast<std::size_t>(members.front())],
      step_numbers[static_cast<std::size_t>(members.back())],
      largest < 256     ? "uint8_t"
      : largest < 65536 ? "uint16_t"
                        : "int32_t",
      name, number, codes, members.size(), group.calls.size(), shift, (1 << shift) - 1, cases);
  return text;
}

}  // namespace mote::emit
