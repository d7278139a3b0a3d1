#include "report/measurement_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/table.h"

namespace mote {

namespace {

std::string layer_table(const Measurement& m) {
  Table table({{"layer", Table::Align::Left},
               {"operator", Table::Align::Left},
               {"instructions", Table::Align::Right},
               {"share", Table::Align::Right},
               {"cycles (estimate)", Table::Align::Right}});
  for (const LayerCount& l : m.layers)
    table.add_row({l.name, l.operator_name, format_count(l.instructions),
                   fmt::format("{:.1f}%", 100.0 * static_cast<double>(l.instructions) /
                                              static_cast<double>(
                                                  std::max<std::uint64_t>(1, m.instructions.value_or(1)))),
                   l.cycles ? format_count(static_cast<std::uint64_t>(*l.cycles)) : ""});
  return table.text();
}

// Lines of at most `columns`, each behind `indent`.
std::string wrapped(const std::string& text, const std::string& indent, std::size_t columns) {
  std::string lines;
  std::string line = indent;
  for (const std::string& word : split(text, ' ')) {
    if (line.size() + word.size() + 1 > columns) {
      lines += line + "\n";
      line = indent;
    }
    line += (line.size() > indent.size() ? " " : "") + word;
  }
  return lines + line + "\n";
}

std::string estimate_text(const Estimate& e) {
  std::string text;
  if (e.cycles)
    text += fmt::format("cycles       {} (estimate)\n", format_count(static_cast<std::uint64_t>(*e.cycles)));
  if (e.seconds) text += fmt::format("latency      {:.3g} ms (estimate)\n", *e.seconds * 1e3);
  if (e.energy_joules) text += fmt::format("energy       {:.3g} uJ (estimate)\n", *e.energy_joules * 1e6);
  if (!text.empty() && !e.source.empty()) text += wrapped("estimates from " + e.source, "             ", 110);
  return text;
}

}  // namespace

std::string to_text(const Measurement& m) {
  std::string text = "target       " + m.target + "\n\n";
  if (!m.layers.empty()) text += layer_table(m) + "\n";
  if (m.instructions) text += fmt::format("instructions {} (counted)\n", format_count(*m.instructions));
  if (m.measured_seconds)
    text += fmt::format("latency      {:.4g} ms (measured, median)\n", *m.measured_seconds * 1e3);
  text += fmt::format("flash        {} = code {} + weights {} + start-up {}\n",
                      format_bytes(m.flash.total_bytes()), format_count(m.flash.code_bytes),
                      format_count(m.flash.weights_bytes), format_count(m.flash.startup_bytes));
  text +=
      fmt::format("RAM          {} = arena {} + static {} + stack {}\n", format_bytes(m.ram.total_bytes()),
                  format_count(m.ram.arena_bytes), format_count(m.ram.static_bytes),
                  m.ram.stack_bytes ? format_count(*m.ram.stack_bytes) + " (measured)" : "not measured");
  text += estimate_text(m.estimate);
  if (m.output_matches_oracle)
    text += *m.output_matches_oracle ? "output       equal to the oracle's\n"
                                     : "output       DIFFERS from the oracle's\n";
  return text;
}

}  // namespace mote
