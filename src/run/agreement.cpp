#include "run/agreement.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/encode.h"
#include "run/interpreter.h"

namespace mote {

namespace {

using Reals = std::map<std::string, std::vector<double>>;

// As QONNX rounds.
std::int64_t nearest_integer(double real, const Encoding& e) {
  if (e.is_bipolar()) return real >= 0 ? 1 : -1;
  const double steps = real / static_cast<double>(e.scale()) + e.zero_point();
  return static_cast<std::int64_t>(
      std::clamp(std::nearbyint(steps), static_cast<double>(e.min()), static_cast<double>(e.max())));
}

Tensor input_for(const TensorType& type, const Tensor& given) {
  if (given.type() == type) return given;
  if (given.type().shape != type.shape)
    throw UserError({"two networks cannot be compared", "", "their inputs have different shapes",
                     "compare a network with what it was made from"});
  return encode_reals(decode_reals(given), type);
}

// One sample through both networks.
class Comparison {
 public:
  Comparison(const Graph& reference, const Graph& integer, const std::vector<Tensor>& sample)
      : integer_(integer), arrays_(integer.values().size()) {
    for (std::size_t i = 0; i < sample.size(); ++i)
      if (sample[i].type().encoding.is_real()) keep(reference.value(reference.inputs()[i]).name, sample[i]);
    const auto expected = interpret(reference, sample, [&](NodeId n, std::size_t i, const Tensor& tensor) {
      if (tensor.type().encoding.is_real()) keep(reference.value(reference.node(n).outputs[i]).name, tensor);
    });
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < integer.inputs().size(); ++i) {
      const ValueId v = integer.inputs()[i];
      inputs.push_back(input_for(integer.type(v), sample.at(i)));
      arrays_[v.index] = widen(inputs.back());
    }
    const auto actual = interpret(integer, inputs, [&](NodeId n, std::size_t i, const Tensor& tensor) {
      arrays_[integer.node(n).outputs[i].index] = widen(tensor);
    });
    const auto greatest = [](const Tensor& t) {
      const auto values = decode_reals(t);
      return std::max_element(values.begin(), values.end()) - values.begin();
    };
    same_class_ = greatest(expected.at(0)) == greatest(actual.at(0));
  }

  bool same_class() const { return same_class_; }

  // Of every node whose first output can be compared, in order.
  std::vector<LayerAgreement> layers() const {
    std::vector<LayerAgreement> result;
    for (const NodeId n : node_ids(integer_)) {
      const ValueId y = integer_.node(n).outputs[0];
      if (const auto wanted = encoded_reference(y)) result.push_back(layer(n, *wanted));
    }
    return result;
  }

 private:
  void keep(const std::string& name, const Tensor& tensor) {
    const auto values = tensor.floats();
    reals_.emplace(name, std::vector<double>(values.begin(), values.end()));
  }

  const std::vector<double>* reference(ValueId v) const {
    const auto found = reals_.find(integer_.value(v).name);
    const TensorType& type = integer_.type(v);
    const Encoding& e = type.encoding;
    const bool comparable = e.is_quantized() && !e.is_per_axis() && e.bits() <= 16 && !integer_.constant(v);
    if (!comparable || found == reals_.end()) return nullptr;
    return static_cast<std::int64_t>(found->second.size()) == type.elements() ? &found->second : nullptr;
  }

  std::optional<Array> encoded_reference(ValueId v) const {
    const auto* reals = reference(v);
    if (!reals) return std::nullopt;
    Array array(integer_.type(v));
    for (std::size_t i = 0; i < reals->size(); ++i)
      array.integer[i] = nearest_integer((*reals)[i], array.encoding());
    return array;
  }

  // The node's first output on the reference's inputs, where there are such.
  Array on_reference(NodeId n) const {
    const Node& node = integer_.node(n);
    std::vector<Array> inputs;
    for (const ValueId v : node.inputs) {
      if (!v.valid()) {
        inputs.emplace_back();
        continue;
      }
      auto known = encoded_reference(v);
      inputs.push_back(known                  ? std::move(*known)
                       : integer_.constant(v) ? widen(*integer_.constant(v))
                                              : arrays_[v.index]);
    }
    std::vector<Array> outputs;
    for (const ValueId v : node.outputs) outputs.emplace_back(integer_.type(v));
    InputArrays in;
    OutputArrays out;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      in.push_back(node.inputs[i].valid() ? &inputs[i] : nullptr);
    for (Array& a : outputs) out.push_back(&a);
    node.op->evaluate(in, out);
    return std::move(outputs[0]);
  }

  LayerAgreement layer(NodeId n, const Array& wanted) const {
    const ValueId y = integer_.node(n).outputs[0];
    const Array& got = arrays_[y.index];
    const Array own = on_reference(n);
    const std::vector<double> decoded = dequantized(got);
    const std::vector<double>& real = *reference(y);
    LayerAgreement result{integer_.value(y).name, std::string(integer_.node(n).op->name()),
                          to_string(integer_.type(y).encoding)};
    result.elements = wanted.integer.size();
    for (std::size_t i = 0; i < wanted.integer.size(); ++i) {
      const std::int64_t steps = std::abs(got.integer[i] - wanted.integer[i]);
      result.differing += steps != 0 ? 1 : 0;
      result.own += own.integer[i] != wanted.integer[i] ? 1 : 0;
      result.largest_steps = std::max(result.largest_steps, steps);
      result.signal += real[i] * real[i];
      result.noise += (real[i] - decoded[i]) * (real[i] - decoded[i]);
    }
    return result;
  }

  const Graph& integer_;
  Reals reals_;                // of the reference
  std::vector<Array> arrays_;  // of the integer network, by value
  bool same_class_ = false;
};

void add(LayerAgreement& total, const LayerAgreement& part) {
  total.elements += part.elements;
  total.differing += part.differing;
  total.own += part.own;
  total.largest_steps = std::max(total.largest_steps, part.largest_steps);
  total.signal += part.signal;
  total.noise += part.noise;
}

}  // namespace

double LayerAgreement::sqnr_decibels() const {
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

Agreement find_agreement(const Graph& reference, const Graph& integer,
                         const std::vector<std::vector<Tensor>>& samples, const Progress& progress) {
  if (reference.inputs().size() != integer.inputs().size())
    throw UserError({"two networks cannot be compared", "", "they have different numbers of inputs",
                     "compare a network with what it was made from"});
  std::vector<std::vector<LayerAgreement>> parts(samples.size());
  std::vector<char> same(samples.size());
  std::atomic<std::uint64_t> done = 0;
  parallel_for(samples.size(), [&](std::size_t, std::size_t i) {
    const Comparison comparison(reference, integer, samples[i]);
    parts[i] = comparison.layers();
    same[i] = comparison.same_class() ? 1 : 0;
    report(progress, ++done, samples.size(), "comparing");
  });
  Agreement result;
  result.samples = samples.size();
  result.same_class = static_cast<std::size_t>(std::count(same.begin(), same.end(), 1));
  for (const auto& part : parts) {
    if (result.layers.empty()) {
      result.layers = part;
      continue;
    }
    for (std::size_t i = 0; i < part.size(); ++i) add(result.layers[i], part[i]);
  }
  return result;
}

}  // namespace mote
