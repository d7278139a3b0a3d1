#include "zoo/zoo.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "zoo/settings.h"

namespace mote {

namespace {

constexpr ZooKey kSeed{"seed", 1, 0, 4294967295.0};

std::string names_of_networks() {
  std::vector<std::string> names;
  for (const ZooRow& row : zoo_list()) names.emplace_back(row.name);
  return join(names, ", ");
}

std::string names_of_keys(const ZooRow& row) {
  std::vector<std::string> names;
  for (const ZooKey& key : row.keys) names.push_back(std::string(key.name) + "=" + format_double(key.value));
  names.push_back("seed=" + format_double(kSeed.value));
  return join(names, ", ");
}

const ZooKey* find_key(const ZooRow& row, std::string_view name) {
  if (name == kSeed.name) return &kSeed;
  for (const ZooKey& key : row.keys)
    if (key.name == name) return &key;
  return nullptr;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

ZooSettings::ZooSettings(const ZooRow& row, std::string_view text) : network_(row.name) {
  for (const ZooKey& key : row.keys) values_.emplace(key.name, key.value);
  values_.emplace(kSeed.name, kSeed.value);
  if (text.empty()) return;
  for (const std::string& pair : split(text, '&')) {
    const std::size_t equals = pair.find('=');
    set(row, std::string_view(pair).substr(0, equals),
        equals == std::string::npos ? std::string_view() : std::string_view(pair).substr(equals + 1));
  }
}

void ZooSettings::set(const ZooRow& row, std::string_view name, std::string_view text) {
  const ZooKey* key = find_key(row, name);
  const std::string where = "zoo:" + std::string(row.name);
  if (!key)
    throw UserError({"unknown parameter of a network of the zoo", where,
                     "it has no '" + std::string(name) + "'",
                     "its parameters and their defaults: " + names_of_keys(row)});
  const std::optional<double> value = number(text);
  if (!value || !(*value >= key->low && *value <= key->high) || (key->whole && *value != std::floor(*value)))
    throw UserError({"value out of range", where, std::string(name) + "=" + std::string(text),
                     "give " + std::string(key->whole ? "an integer" : "a number") + " from " +
                         format_double(key->low) + " to " + format_double(key->high)});
  values_.find(name)->second = *value;
}

double ZooSettings::real(std::string_view key) const {
  const auto found = values_.find(key);
  MOTE_CHECK(found != values_.end(), std::string(key));
  return found->second;
}

Shape ZooSettings::image() const {
  return {1, (*this)["resolution"], (*this)["resolution"], (*this)["channels"]};
}

void ZooSettings::refuse(std::string_view key, const std::string& why, const std::string& remedy) const {
  throw UserError({"this network does not exist", "zoo:" + std::string(network_),
                   std::string(key) + "=" + format_double(real(key)) + ": " + why, remedy});
}

Graph zoo_model(std::string_view spec) {
  const std::size_t question = spec.find('?');
  const std::string_view name = spec.substr(0, question);
  for (const ZooRow& row : zoo_list())
    if (row.name == name)
      return row.build(ZooSettings(row, question == std::string_view::npos ? "" : spec.substr(question + 1)));
  throw UserError({"unknown network", "zoo:" + std::string(spec),
                   "the zoo has no '" + std::string(name) + "'", "it has " + names_of_networks()});
}

}  // namespace mote
