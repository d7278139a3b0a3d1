#include "base/text.h"
#include "ir/text_form.h"

namespace mote {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (code < 0x20 || code == 0x7f) {
      result += "\\x";
      result += kHex[code >> 4];
      result += kHex[code & 15];
    } else {
      result += c;
    }
  }
  return result + '"';
}

template <class List, class Write>
std::string bracketed(const List& list, const Write& write) {
  std::string text = "[";
  for (const auto& item : list) text += (text.size() > 1 ? ", " : "") + write(item);
  return text + "]";
}

// Shortest text that reads back to the same number; one that is a float32 is written as such and marked.
std::string real_text(double value) {
  const auto single = static_cast<float>(value);
  if (!(static_cast<double>(single) == value)) return format_double(value);
  std::string text = format_float(single);
  return text.find_first_of("in") == std::string::npos ? text + "f" : text;
}

struct FieldText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return real_text(value); }
  std::string operator()(const std::string& value) const { return quoted(value); }
  std::string operator()(const std::vector<std::int64_t>& value) const {
    return bracketed(value, [](std::int64_t v) { return std::to_string(v); });
  }
};

std::string sparsity_text(const Sparsity& s) {
  const auto pair = "(" + std::to_string(s.first) + ", " + std::to_string(s.second) + ")";
  switch (s.kind) {
    case Sparsity::Kind::Dense: return "dense" + pair;
    case Sparsity::Kind::Bitmask: return "bitmask" + pair;
    case Sparsity::Kind::Csr: return "csr" + pair;
    case Sparsity::Kind::NOfM: return "n_of_m" + pair;
    case Sparsity::Kind::Block: return "block" + pair;
  }
  fail_check("known sparsity", __FILE__, __LINE__);
}

std::string type_text(const TensorType& type) {
  std::vector<std::string> facts;
  if (type.encoding.is_quantized()) {
    const Quantization& q = type.encoding.quantization();
    if (q.axis >= 0) facts.push_back("axis=" + std::to_string(q.axis));
    facts.push_back("scale=" + bracketed(q.scales, [](float v) { return format_float(v); }));
    facts.push_back("zero=" + bracketed(q.zero_points, [](std::int32_t v) { return std::to_string(v); }));
  }
  if (type.encoding.has_levels())
    facts.push_back("levels=" +
                    bracketed(type.encoding.levels(), [](std::int16_t v) { return std::to_string(v); }));
  if (type.sparsity != Sparsity{}) facts.push_back("sparsity=" + sparsity_text(type.sparsity));
  return storage_name(type.encoding) + "[" + (type.shape.empty() ? "" : to_string(type.shape)) + "]" +
         (facts.empty() ? "" : " {" + join(facts, ", ") + "}");
}

class Printer {
 public:
  Printer(const Graph& graph, PrintOptions options) : graph_(graph), options_(options) {}

  std::string run() {
    text_ = "graph " + quoted(graph_.name()) + " {\n";
    for (const ValueId v : graph_.inputs()) text_ += "  " + declaration(v) + " = input\n";
    for (std::uint32_t v = 0; v < graph_.values().size(); ++v)
      if (graph_.constant(ValueId{v})) constant(ValueId{v});
    for (const Node& n : graph_.nodes()) node(n);
    for (const ValueId v : graph_.outputs()) text_ += "  output " + reference(v) + "\n";
    return text_ + "}\n";
  }

 private:
  static std::string reference(ValueId v) { return v.valid() ? "%" + std::to_string(v.index) : "_"; }

  std::string declaration(ValueId v) const {
    const Value& value = graph_.value(v);
    return reference(v) + " " + quoted(value.name) + " : " + type_text(value.type);
  }

  void constant(ValueId v) {
    text_ += "  " + declaration(v) + " = constant ";
    if (!options_.constant_bytes) {
      text_ += "...\n";
      return;
    }
    text_ += '"';
    for (const std::byte b : graph_.constant(v)->bytes()) {
      text_ += kHex[std::to_integer<unsigned>(b) >> 4];
      text_ += kHex[std::to_integer<unsigned>(b) & 15];
    }
    text_ += "\"\n";
  }

  void node(const Node& n) {
    std::vector<std::string> outputs, inputs, fields;
    for (const ValueId v : n.outputs) outputs.push_back(declaration(v));
    for (const ValueId v : n.inputs) inputs.push_back(reference(v));
    for (const auto& [key, value] : n.op->fields())
      fields.push_back(key + "=" + std::visit(FieldText{}, value));
    text_ += "  " + join(outputs, ", ") + " = " + std::string(n.op->name()) + "(" + join(inputs, ", ") + ")";
    if (!fields.empty()) text_ += " {" + join(fields, ", ") + "}";
    if (!n.name.empty()) text_ += " @ " + quoted(n.name);
    text_ += "\n";
  }

  const Graph& graph_;
  PrintOptions options_;
  std::string text_;
};

}  // namespace

std::string print(const Graph& graph, PrintOptions options) { return Printer(graph, options).run(); }

}  // namespace mote
