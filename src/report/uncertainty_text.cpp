#include "report/uncertainty_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/table.h"

namespace mote {

namespace {

void add(Table& table, const std::string& name, const Uncertainty& u, const std::string& information) {
  table.add_row({name, fmt::format("{:.2f} %", 100 * u.accuracy),
                 fmt::format("{:.4f}", u.negative_log_likelihood),
                 fmt::format("{:.4f}", u.predictive_entropy), information,
                 fmt::format("{:.2f} %", 100 * u.calibration_error)});
}

nlohmann::json json_of(const Uncertainty& u) {
  return {{"accuracy", u.accuracy},
          {"negative_log_likelihood", u.negative_log_likelihood},
          {"predictive_entropy", u.predictive_entropy},
          {"expected_calibration_error", u.calibration_error}};
}

}  // namespace

std::string to_text(const EnsembleEvaluation& e) {
  using Align = Table::Align;
  Table table({{"", Align::Left},
               {"accuracy", Align::Right},
               {"-log p(label)", Align::Right},
               {"entropy", Align::Right},
               {"mutual information", Align::Right},
               {"calibration error", Align::Right}});
  add(table, "most probable network", e.most_probable_uncertainty, "");
  add(table, fmt::format("mean of {} draws", e.draws), e.ensemble,
      fmt::format("{:.4f}", e.mutual_information));
  return table.text() +
         fmt::format("\nsamples      {}, a single draw is right on {:.2f} %; entropies in nats\n",
                     format_count(e.most_probable.samples), 100 * e.mean_accuracy);
}

nlohmann::json to_json(const EnsembleEvaluation& e) {
  nlohmann::json ensemble = json_of(e.ensemble);
  ensemble["mutual_information"] = e.mutual_information;
  ensemble["mean_accuracy"] = e.mean_accuracy;
  return {{"samples", e.most_probable.samples},
          {"draws", e.draws},
          {"most_probable", json_of(e.most_probable_uncertainty)},
          {"ensemble", ensemble}};
}

}  // namespace mote
