#include <algorithm>
#include <limits>
#include <map>

#include "ir/text_form.h"
#include "ir/text_form_scanner.h"

namespace mote {

namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::string& origin, const OperatorFactory& make_operator)
      : scanner_(text, origin), make_operator_(make_operator) {}

  Graph run() {
    scanner_.expect("graph");
    parts_.name = scanner_.quoted();
    scanner_.expect("{");
    while (!scanner_.accept("}")) statement();
    if (!scanner_.at_end()) scanner_.fail("something follows the graph");
    parts_.values.resize(values_.size());
    for (auto& [id, value] : values_) {
      if (id >= parts_.values.size()) scanner_.fail("the values are not numbered from %0 without a gap");
      parts_.values[id] = std::move(value);
    }
    return Graph(std::move(parts_));
  }

 private:
  void statement() {
    if (scanner_.accept("output")) {
      parts_.outputs.push_back(used_value());
      return;
    }
    std::vector<std::pair<std::uint32_t, Value>> declared;
    do {
      const std::uint32_t id = scanner_.reference();
      Value value;
      value.name = scanner_.quoted();
      scanner_.expect(":");
      value.type = type();
      declared.emplace_back(id, std::move(value));
    } while (scanner_.accept(","));
    scanner_.expect("=");
    std::vector<ValueId> ids;
    for (const auto& [id, value] : declared) ids.push_back(ValueId{id});
    const bool single = declared.size() == 1;
    if (scanner_.accept("input")) {
      if (!single) scanner_.fail("an input is one value");
      parts_.inputs.push_back(ids[0]);
    } else if (scanner_.accept("constant")) {
      if (!single) scanner_.fail("a constant is one value");
      declared[0].second.constant = constant(declared[0].second.type);
    } else {
      parts_.nodes.push_back(node(std::move(ids)));
    }
    for (auto& [id, value] : declared)
      if (!values_.emplace(id, std::move(value)).second)
        scanner_.fail("%" + std::to_string(id) + " is made twice");
  }

  ValueId used_value() {
    const std::uint32_t id = scanner_.reference();
    if (!values_.contains(id)) scanner_.fail("%" + std::to_string(id) + " is used before it is made");
    return ValueId{id};
  }

  Node node(std::vector<ValueId> outputs) {
    Node n{nullptr, {}, std::move(outputs), {}};
    const std::string name = scanner_.word();
    scanner_.expect("(");
    list(")", [&] { n.inputs.push_back(scanner_.accept("_") ? ValueId{} : used_value()); });
    Fields fields;
    if (scanner_.accept("{"))
      list("}", [&] {
        std::string key = scanner_.word();
        scanner_.expect("=");
        fields.emplace_back(std::move(key), field_value());
      });
    if (scanner_.accept("@")) n.name = scanner_.quoted();
    try {
      n.op = make_operator_(name, fields);
    } catch (const UserError& e) {
      scanner_.fail(e.parts().what + " (" + e.parts().where + "): " + e.parts().why);
    }
    const Fields known = n.op->fields();
    for (const auto& given : fields)
      if (std::none_of(known.begin(), known.end(),
                       [&](const auto& field) { return field.first == given.first; }))
        scanner_.fail(name + " has no attribute '" + given.first + "'");
    if (n.op->name() != name) scanner_.fail(name + " is described as " + std::string(n.op->name()));
    return n;
  }

  // Items separated by commas up to `end`.
  template <class Item>
  void list(std::string_view end, const Item& item) {
    if (scanner_.accept(end)) return;
    do item();
    while (scanner_.accept(","));
    scanner_.expect(end);
  }

  FieldValue field_value() {
    if (scanner_.accept("true")) return true;
    if (scanner_.accept("false")) return false;
    if (scanner_.peek() == '"') return scanner_.quoted();
    if (scanner_.accept("[")) {
      std::vector<std::int64_t> values;
      list("]", [&] { values.push_back(scanner_.integer()); });
      return values;
    }
    const TextScanner::Number number = scanner_.number();
    if (number.whole()) return integer_from(number.text, scanner_);
    return real_from(number, scanner_);
  }

  TensorType type() {
    TensorType t;
    t.encoding = encoding(scanner_.word());
    scanner_.expect("[");
    if (!scanner_.accept("]")) {
      do t.shape.push_back(scanner_.integer());
      while (scanner_.accept_mark('x'));
      scanner_.expect("]");
    }
    try {
      element_count(t.shape);
    } catch (const UserError& e) {
      scanner_.fail(e.parts().what + ": " + e.parts().why);
    }
    if (scanner_.accept("{")) type_facts(t);
    return t;
  }

  Encoding encoding(const std::string& word) {
    if (word == "f32") return Encoding::real();
    if (word.size() < 2 || word.size() > 3 || (word[0] != 's' && word[0] != 'u'))
      scanner_.fail("unknown encoding '" + word + "'");
    const std::int64_t bits = integer_from(word.substr(1), scanner_);
    if (!((bits >= 1 && bits <= 8) || bits == 16 || bits == 32))
      scanner_.fail("unknown encoding '" + word + "'");
    return Encoding::integer(static_cast<int>(bits), word[0] == 's');
  }

  template <class T>
  T narrow_integer() {
    const std::int64_t value = scanner_.integer();
    if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max())
      scanner_.fail(std::to_string(value) + " does not fit 32 bits");
    return static_cast<T>(value);
  }

  void type_facts(TensorType& t) {
    Quantization q;
    std::vector<std::int64_t> levels;
    list("}", [&] {
      const std::string key = scanner_.word();
      scanner_.expect("=");
      if (key == "axis") {
        q.axis = narrow_integer<int>();
        if (q.axis < 0) scanner_.fail("the axis is negative");
      } else if (key == "scale") {
        scanner_.expect("[");
        list("]", [&] {
          TextScanner::Number number = scanner_.number();
          number.single = true;
          q.scales.push_back(static_cast<float>(real_from(number, scanner_)));
        });
      } else if (key == "zero") {
        scanner_.expect("[");
        list("]", [&] { q.zero_points.push_back(narrow_integer<std::int32_t>()); });
      } else if (key == "levels") {
        scanner_.expect("[");
        list("]", [&] { levels.push_back(scanner_.integer()); });
        if (t.encoding.is_real() || !Encoding::are_levels(levels, t.encoding.bits(), t.encoding.is_signed()))
          scanner_.fail("levels are 2 to 16 ascending integers of an encoding of at most 8 bits");
      } else if (key == "sparsity") {
        t.sparsity = sparsity();
      } else {
        scanner_.fail("a type has no fact '" + key + "'");
      }
    });
    if (!levels.empty()) t.encoding = t.encoding.with_levels(levels);
    if (q == Quantization{}) return;
    if (t.encoding.is_real() || q.scales.empty() || q.scales.size() != q.zero_points.size() ||
        (q.axis < 0 && q.scales.size() != 1))
      scanner_.fail("a quantized type needs an integer encoding and as many zero points as scales");
    t.encoding = t.encoding.with_quantization(std::move(q));
  }

  Sparsity sparsity() {
    static const std::map<std::string, Sparsity::Kind> kKinds{{"dense", Sparsity::Kind::Dense},
                                                              {"bitmask", Sparsity::Kind::Bitmask},
                                                              {"csr", Sparsity::Kind::Csr},
                                                              {"n_of_m", Sparsity::Kind::NOfM},
                                                              {"block", Sparsity::Kind::Block}};
    const auto kind = kKinds.find(scanner_.word());
    if (kind == kKinds.end()) scanner_.fail("unknown sparsity");
    Sparsity s{kind->second, 0, 0};
    scanner_.expect("(");
    s.first = narrow_integer<int>();
    scanner_.expect(",");
    s.second = narrow_integer<int>();
    scanner_.expect(")");
    return s;
  }

  Tensor constant(const TensorType& t) {
    if (scanner_.accept("...")) scanner_.fail("the bytes of this constant were left out when it was printed");
    const std::string text = scanner_.quoted();
    const auto expected = static_cast<std::size_t>(t.bytes());
    if (text.size() != 2 * expected)
      scanner_.fail(to_string(t) + " needs " + std::to_string(expected) + " bytes, the text has " +
                    std::to_string(text.size() / 2));
    const auto digit = [&](char c) -> unsigned {
      if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
      if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
      scanner_.fail("a constant has a character that is not hexadecimal");
    };
    std::vector<std::byte> bytes(expected);
    for (std::size_t i = 0; i < expected; ++i)
      bytes[i] = static_cast<std::byte>(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
    Tensor tensor(t, std::move(bytes));
    if (t.encoding.is_integer() && (t.encoding.bits() < 8 || t.encoding.has_levels()))
      for (std::int64_t i = 0; i < t.elements(); ++i)
        if (!t.encoding.allows(tensor.integer_at(i)))
          scanner_.fail("an element is outside " + to_string(t.encoding));
    return tensor;
  }

  TextScanner scanner_;
  const OperatorFactory& make_operator_;
  Graph::Parts parts_;
  std::map<std::uint32_t, Value> values_;
};

}  // namespace

Graph parse(std::string_view text, const std::string& origin, const OperatorFactory& make_operator) {
  return Parser(text, origin, make_operator).run();
}

}  // namespace mote
