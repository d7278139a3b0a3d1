#include "ir/verify.h"

#include <algorithm>

#include "base/text.h"

namespace mote {

namespace {

class Checker {
 public:
  explicit Checker(const Graph& graph) : graph_(graph) {}

  std::vector<std::string> run(Stage stage) {
    check_values();
    check_order();
    if (!problems_.empty()) return problems_;  // the rest relies on sound ids
    for (const NodeId n : node_ids(graph_)) check_node(n);
    check_stage(stage);
    return problems_;
  }

 private:
  void problem(std::string text) { problems_.push_back(std::move(text)); }

  void check_values() {
    for (const Value& v : graph_.values()) {
      const std::size_t before = problems_.size();
      if (v.constant && v.constant->type() != v.type)
        problem("constant '" + v.name + "' differs from its declared type");
      check_quantization(v);
      check_levels(v);
      if (v.constant && problems_.size() == before)
        check_sparsity(v);  // reads values: the type must be sound
    }
    for (const ValueId out : graph_.outputs())
      if (out.index >= graph_.values().size()) problem("a graph output does not exist");
  }

  void check_quantization(const Value& v) {
    const Encoding& e = v.type.encoding;
    if (!e.is_quantized()) return;
    const Quantization& q = e.quantization();
    const auto rank = static_cast<int>(v.type.shape.size());
    const auto expected = q.axis < 0      ? 1
                          : q.axis < rank ? v.type.shape[static_cast<std::size_t>(q.axis)]
                                          : -1;
    if (static_cast<std::int64_t>(q.scales.size()) != expected)
      problem("value '" + v.name + "' has " + std::to_string(q.scales.size()) + " scales for axis " +
              std::to_string(q.axis) + " of " + to_string(v.type));
    for (const float scale : q.scales)
      if (!(scale > 0) || !(scale < 1e30F)) {
        problem("value '" + v.name + "' has the scale " + format_float(scale) +
                ", it must be positive and finite");
        break;
      }
    const Encoding all = Encoding::integer(e.bits(), e.is_signed());
    for (const std::int32_t zero : q.zero_points)
      if (zero < all.min() || zero > all.max()) {
        problem("value '" + v.name + "' has the zero point " + std::to_string(zero) + " outside " +
                to_string(e));
        break;
      }
  }

  void check_levels(const Value& v) {
    const Encoding& e = v.type.encoding;
    if (!e.has_levels()) return;
    if (!v.constant) {
      if (!e.is_bipolar())
        problem("value '" + v.name +
                "' is computed and has levels; only -1 and +1 can be those of a computed value");
      return;
    }
    if (v.constant->type() != v.type) return;
    for (std::int64_t i = 0; i < v.type.elements(); ++i)
      if (!e.allows(v.constant->integer_at(i)))
        return problem("constant '" + v.name + "' has the element " +
                       std::to_string(v.constant->integer_at(i)) + ", which is none of its levels");
  }

  void check_sparsity(const Value& v) {
    const Sparsity& s = v.type.sparsity;
    if (s.kind != Sparsity::Kind::NOfM) return;
    if (s.first < 0 || s.second <= 0 || v.type.shape.empty() || v.type.shape.back() % s.second != 0)
      return problem("constant '" + v.name + "' cannot be " + std::to_string(s.first) + ":" +
                     std::to_string(s.second) + " sparse");
    const Array array = widen(*v.constant);
    const std::vector<double> values = dequantized(array);
    for (std::size_t start = 0; start < values.size(); start += static_cast<std::size_t>(s.second)) {
      const auto run = values.begin() + static_cast<std::ptrdiff_t>(start);
      if (std::count_if(run, run + s.second, [](double x) { return x != 0; }) > s.first)
        return problem("constant '" + v.name + "' is declared " + std::to_string(s.first) + ":" +
                       std::to_string(s.second) + " sparse but has a denser run at element " +
                       std::to_string(start));
    }
  }

  void check_order() {
    std::vector<bool> defined(graph_.values().size(), false);
    for (const ValueId v : graph_.inputs()) defined.at(v.index) = true;
    for (std::size_t v = 0; v < defined.size(); ++v)
      defined[v] = defined[v] || graph_.values()[v].constant.has_value();
    for (const NodeId n : node_ids(graph_)) {
      for (const ValueId v : graph_.node(n).inputs)
        if (v.valid() && (v.index >= defined.size() || !defined[v.index]))
          problem(graph_.describe(n) + " reads a value before it is made");
      for (const ValueId v : graph_.node(n).outputs) {
        if (v.index >= defined.size() || defined[v.index])
          problem(graph_.describe(n) + " makes a value that exists already");
        else
          defined[v.index] = true;
      }
    }
    for (const ValueId v : graph_.outputs())
      if (v.index < defined.size() && !defined[v.index])
        problem("output '" + graph_.value(v).name + "' is never made");
  }

  void check_node(NodeId n) {
    const auto inputs = graph_.input_types(n);
    const auto outputs = graph_.output_types(n);
    try {
      const auto inferred = graph_.node(n).op->infer(inputs);
      if (inferred.size() != outputs.size())
        return problem(graph_.describe(n) + " has " + std::to_string(outputs.size()) + " outputs, expected " +
                       std::to_string(inferred.size()));
      for (std::size_t i = 0; i < outputs.size(); ++i)
        if (inferred[i].shape != outputs[i]->shape)
          return problem(graph_.describe(n) + " declares the output shape " + to_string(outputs[i]->shape) +
                         ", its inputs give " + to_string(inferred[i].shape));
      graph_.node(n).op->check(inputs, outputs);
    } catch (const UserError& e) {
      problem(graph_.describe(n) + ": " + e.parts().what +
              (e.parts().why.empty() ? "" : ": " + e.parts().why));
    }
  }

  bool is_boundary(ValueId v) const {
    const Value& value = graph_.value(v);
    const auto readers = graph_.consumers(v);
    const auto is = [&](NodeId n, std::string_view name) { return graph_.node(n).op->name() == name; };
    if (!value.producer.valid())
      return !value.constant &&
             std::all_of(readers.begin(), readers.end(), [&](NodeId n) { return is(n, "Quantize"); });
    return is(value.producer, "Dequantize") && readers.empty();
  }

  void check_stage(Stage stage) {
    if (stage == Stage::Mixed) return;
    for (const NodeId n : node_ids(graph_))
      if (stage != Stage::Simulated && graph_.node(n).op->simulates_quantization())
        return problem(graph_.describe(n) + " is legal only in the simulated stage");
    for (std::uint32_t v = 0; v < graph_.values().size(); ++v) {
      const Value& value = graph_.values()[v];
      if (stage != Stage::Integer && value.type.encoding.is_quantized())
        return problem("value '" + value.name + "' is quantized in the " + to_string(stage) + " stage");
      if (stage == Stage::Integer && value.type.encoding.is_real() && !is_boundary(ValueId{v}))
        return problem("value '" + value.name + "' is real in the integer stage");
    }
  }

  const Graph& graph_;
  std::vector<std::string> problems_;
};

}  // namespace

std::string to_string(Stage stage) {
  switch (stage) {
    case Stage::Float: return "float";
    case Stage::Simulated: return "simulated";
    case Stage::Integer: return "integer";
    case Stage::Mixed: return "mixed";
  }
  fail_check("known stage", __FILE__, __LINE__);
}

Stage stage_of(const Graph& graph) {
  for (const Stage stage : {Stage::Integer, Stage::Float, Stage::Simulated})
    if (find_problems(graph, stage).empty()) return stage;
  return Stage::Mixed;
}

std::vector<std::string> find_problems(const Graph& graph, Stage stage) { return Checker(graph).run(stage); }

void verify(const Graph& graph, Stage stage, const std::string& after) {
  const auto problems = find_problems(graph, stage);
  MOTE_CHECK(problems.empty(), "after " + after + ": " + problems[0]);
}

void verify_import(const Graph& graph, const std::string& file) {
  const auto problems = find_problems(graph, Stage::Mixed);
  if (!problems.empty())
    throw UserError({"the model is not a legal network", file, problems[0], "repair or re-export the model"});
}

}  // namespace mote
