#include "report/evaluation_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/table.h"

namespace mote {

namespace {

constexpr std::size_t kWidestMatrix = 24;  // classes that a terminal can show

std::string class_name(const std::vector<std::string>& names, std::size_t index) {
  return index < names.size() ? names[index] : std::to_string(index);
}

std::string matrix_text(const ConfusionMatrix& m, const std::vector<std::string>& names) {
  std::vector<Table::Column> columns = {{"label \\ predicted", Table::Align::Left}};
  for (std::size_t p = 0; p < m.classes; ++p)
    columns.push_back({class_name(names, p).substr(0, 8), Table::Align::Right});
  columns.push_back({"recall", Table::Align::Right});
  Table table(columns);
  for (std::size_t label = 0; label < m.classes; ++label) {
    std::vector<std::string> row = {class_name(names, label)};
    for (std::size_t p = 0; p < m.classes; ++p)
      row.push_back(m.at(label, p) == 0 ? "." : std::to_string(m.at(label, p)));
    row.push_back(fmt::format("{:.1f}%", 100 * m.recall(label)));
    table.add_row(row);
  }
  return table.text();
}

}  // namespace

std::string to_text(const Evaluation& e, const std::vector<std::string>& class_names) {
  std::string text;
  if (e.confusion && e.confusion->classes <= kWidestMatrix)
    text += matrix_text(*e.confusion, class_names) + "\n";
  text += fmt::format("samples      {} in {:.2f} s on all cores, {:.2f} s to compile\n",
                      format_count(e.samples), e.run_seconds, e.compile_seconds);
  if (e.confusion) text += fmt::format("accuracy     {:.2f} %\n", 100 * e.confusion->accuracy());
  if (e.mean_squared_error)
    text += fmt::format("mean squared error of the reconstruction {:.6g}\n", *e.mean_squared_error);
  if (e.oracle.samples > 0)
    text += fmt::format("oracle       {} of {} samples checked agree\n",
                        e.oracle.samples - e.oracle.differing, e.oracle.samples);
  return text;
}

nlohmann::json to_json(const Evaluation& e, const std::vector<std::string>& class_names) {
  nlohmann::json json = {{"samples", e.samples},
                         {"run_seconds", e.run_seconds},
                         {"compile_seconds", e.compile_seconds},
                         {"accuracy", nullptr},
                         {"mean_squared_error", nullptr},
                         {"oracle",
                          {{"samples", e.oracle.samples},
                           {"differing", e.oracle.differing},
                           {"largest_difference", e.oracle.largest_difference}}}};
  if (e.mean_squared_error) json["mean_squared_error"] = *e.mean_squared_error;
  if (!e.confusion) return json;
  json["accuracy"] = e.confusion->accuracy();
  json["classes"] = class_names;
  auto rows = nlohmann::json::array();
  for (std::size_t label = 0; label < e.confusion->classes; ++label) {
    auto row = nlohmann::json::array();
    for (std::size_t p = 0; p < e.confusion->classes; ++p) row.push_back(e.confusion->at(label, p));
    rows.push_back(row);
  }
  json["confusion"] = rows;
  return json;
}

}  // namespace mote
