#include "run/weight_posterior.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/npy.h"
#include "ir/patch.h"

namespace mote {

namespace {

constexpr double kSumTolerance = 1e-3;

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  throw UserError({"the posterior cannot be read", file, why,
                   "give the .posterior file that training wrote beside the model"});
}

void check(const WeightDistribution& d, const std::string& file) {
  const auto count = static_cast<std::size_t>(element_count(d.shape));
  const std::size_t k = d.levels.size();
  if (k < 2 || d.probabilities.size() != k * count)
    refuse(file, d.name + " has not a probability for each of its levels and weights");
  const auto rank = static_cast<int>(d.shape.size());
  const std::size_t scales = d.axis < 0 ? 1
                             : d.axis < rank
                                 ? static_cast<std::size_t>(d.shape[static_cast<std::size_t>(d.axis)])
                                 : 0;
  if (d.scale.size() != scales)
    refuse(file, d.name + " has " + std::to_string(d.scale.size()) + " scales for " + std::to_string(scales) +
                     " channels");
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0;
    bool negative = false;
    for (std::size_t l = 0; l < k; ++l) {
      const auto p = static_cast<double>(d.probabilities[l * count + i]);
      negative = negative || !(p >= 0);
      sum += p;
    }
    if (negative || std::abs(sum - 1) > kSumTolerance)
      refuse(file, "the probabilities of a weight of " + d.name + " are no distribution");
  }
}

template <class T>
NpyArray array_of(const std::vector<std::int64_t>& shape, const std::vector<T>& values) {
  return npy_array(shape, std::span<const T>(values));
}

// Weight i: the level at which the running sum of probabilities passes a uniform number.
Tensor draw(const WeightDistribution& d, Rng& rng) {
  const auto count = static_cast<std::size_t>(element_count(d.shape));
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    double left = rng.uniform();
    std::size_t l = 0;
    while (l + 1 < d.levels.size() && left >= static_cast<double>(d.probabilities[l * count + i]))
      left -= static_cast<double>(d.probabilities[l++ * count + i]);
    const std::size_t c =
        d.axis < 0 ? 0 : static_cast<std::size_t>(axis_index(d.shape, d.axis, static_cast<std::int64_t>(i)));
    values[i] = d.scale[c] * static_cast<float>(d.levels[l]);
  }
  return Tensor::reals(d.shape, values);
}

}  // namespace

void write_posterior(const std::filesystem::path& path, const WeightPosterior& posterior) {
  NpzArrays arrays;
  for (const WeightDistribution& d : posterior) {
    Shape shape = {static_cast<std::int64_t>(d.levels.size())};
    arrays.emplace_back(d.name + "/levels",
                        array_of(shape, std::vector<std::int32_t>(d.levels.begin(), d.levels.end())));
    arrays.emplace_back(d.name + "/scale", array_of({static_cast<std::int64_t>(d.scale.size())}, d.scale));
    arrays.emplace_back(d.name + "/axis", array_of({}, std::vector<std::int32_t>{d.axis}));
    shape.insert(shape.end(), d.shape.begin(), d.shape.end());
    arrays.emplace_back(d.name + "/probabilities", array_of(shape, d.probabilities));
  }
  write_npz(path, arrays);
}

WeightPosterior read_posterior(const std::filesystem::path& path) {
  const std::string file = path.string();
  WeightPosterior posterior;
  std::map<std::string, int> parts;  // of each name
  for (const auto& [label, array] : read_npz(path)) {
    const std::size_t slash = label.rfind('/');
    if (slash == std::string::npos) refuse(file, "it holds '" + label + "', which is no part of a posterior");
    const std::string name = label.substr(0, slash);
    const std::string part = label.substr(slash + 1);
    if (posterior.empty() || posterior.back().name != name) posterior.emplace_back().name = name;
    WeightDistribution& d = posterior.back();
    ++parts[name];
    if (part == "levels") {
      for (const std::int64_t level : array.as_int64()) d.levels.push_back(static_cast<int>(level));
    } else if (part == "scale") {
      d.scale = array.as_float();
    } else if (part == "axis" && array.count() == 1) {
      d.axis = static_cast<int>(array.as_int64()[0]);
    } else if (part == "probabilities" && !array.shape.empty()) {
      d.shape.assign(array.shape.begin() + 1, array.shape.end());
      d.probabilities = array.as_float();
    } else {
      refuse(file, "it holds '" + label + "', which is no part of a posterior");
    }
  }
  if (posterior.empty()) refuse(file, "it holds no distribution");
  for (const WeightDistribution& d : posterior) {
    if (parts[d.name] != 4) refuse(file, "a part of " + d.name + " is missing or there twice");
    check(d, file);
  }
  return posterior;
}

Graph draw_weights(const Graph& graph, const WeightPosterior& posterior, Rng& rng) {
  std::map<std::string, ValueId> constants;
  for (std::uint32_t v = 0; v < graph.values().size(); ++v)
    if (graph.constant(ValueId{v})) constants[graph.value(ValueId{v}).name] = ValueId{v};
  Patch patch(graph);
  for (const WeightDistribution& d : posterior) {
    const auto found = constants.find(d.name);
    if (found == constants.end() || graph.type(found->second).shape != d.shape ||
        !graph.type(found->second).encoding.is_real())
      throw UserError({"the posterior does not belong to the model", d.name,
                       "the model has no real constant of that name and of shape " + to_string(d.shape),
                       "give the model that training wrote beside it, in its simulated form"});
    patch.set_constant(found->second, draw(d, rng));
  }
  return std::move(patch).apply();
}

}  // namespace mote
