#include "report/agreement_text.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/table.h"

namespace mote {

namespace {

double fraction(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string accuracies(const StageComparison& c) {
  if (!c.reference.confusion || !c.integer.confusion) return {};
  const double before = 100 * c.reference.confusion->accuracy(),
               after = 100 * c.integer.confusion->accuracy();
  return fmt::format("accuracy     {} {:.2f} %, integer {:.2f} % ({:+.2f} points)\n", c.stage, before, after,
                     after - before);
}

}  // namespace

std::size_t StageComparison::same_predictions() const {
  std::size_t same = 0;
  for (std::size_t i = 0; i < integer.predictions.size(); ++i)
    same += i < reference.predictions.size() && integer.predictions[i] == reference.predictions[i] ? 1 : 0;
  return same;
}

std::string to_text(const StageComparison& c) {
  Table table({{"value"},
               {"operator"},
               {"encoding"},
               {"differ", Table::Align::Right},
               {"own", Table::Align::Right},
               {"steps", Table::Align::Right},
               {"SQNR", Table::Align::Right}});
  for (const LayerAgreement& l : c.agreement.layers)
    table.add_row(
        {l.name, l.operation, l.encoding, fmt::format("{:.3f} %", 100 * fraction(l.differing, l.elements)),
         fmt::format("{:.3f} %", 100 * fraction(l.own, l.elements)), std::to_string(l.largest_steps),
         std::isfinite(l.sqnr_decibels()) ? fmt::format("{:.1f} dB", l.sqnr_decibels()) : "exact"});
  std::string text = table.text() + "\n" + accuracies(c);
  if (!c.integer.predictions.empty())
    text += fmt::format("predictions  {} of {} are the same ({:.2f} %)\n", format_count(c.same_predictions()),
                        format_count(c.integer.predictions.size()),
                        100 * fraction(c.same_predictions(), c.integer.predictions.size()));
  return text + fmt::format("values       of {} samples; `own`: with the inputs of the {} network\n",
                            c.agreement.samples, c.stage);
}

nlohmann::json to_json(const StageComparison& c) {
  nlohmann::json json = {
      {"stage", c.stage}, {"samples", c.integer.samples}, {"compared_samples", c.agreement.samples}};
  json["same_predictions"] = c.same_predictions();
  if (c.reference.confusion) json["reference_accuracy"] = c.reference.confusion->accuracy();
  if (c.integer.confusion) json["accuracy"] = c.integer.confusion->accuracy();
  auto layers = nlohmann::json::array();
  for (const LayerAgreement& l : c.agreement.layers) {
    nlohmann::json sqnr;  // null: exact
    if (std::isfinite(l.sqnr_decibels())) sqnr = l.sqnr_decibels();
    layers.push_back({{"name", l.name},
                      {"operator", l.operation},
                      {"encoding", l.encoding},
                      {"differing", fraction(l.differing, l.elements)},
                      {"own", fraction(l.own, l.elements)},
                      {"largest_steps", l.largest_steps},
                      {"sqnr_db", sqnr}});
  }
  json["layers"] = layers;
  return json;
}

}  // namespace mote
