// What an operator is: a name, typed attributes, and four answers: types of the outputs, whether the
// encodings are legal, the exact evaluation, and the cost. Operators are immutable values shared between
// graphs; the concrete ones are in ops/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "ir/tensor.h"

namespace mote {

// An attribute as text form, equality and hash see it.
using FieldValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>>;
using Fields = std::vector<std::pair<std::string, FieldValue>>;

// Input and output types of one node, in order. nullptr: an optional input that is absent.
using InputTypes = std::vector<const TensorType*>;
using OutputTypes = std::vector<const TensorType*>;
using InputArrays = std::vector<const Array*>;
using OutputArrays = std::vector<Array*>;  // typed and sized by the caller

class Operator {
 public:
  virtual ~Operator() = default;
  virtual std::string_view name() const = 0;  // the field's standard term, for example "Conv2D"
  virtual Fields fields() const = 0;

  // Output types for given input types. Throws UserError for impossible inputs (count, ranks, extents). The
  // encoding of an output is the one that follows from the inputs where there is only one choice (the real
  // encoding, or the input's own for data movement); for quantized arithmetic it is the first input's, to be
  // replaced by whoever builds the node.
  virtual std::vector<TensorType> infer(const InputTypes& inputs) const = 0;

  // Throws UserError when the operator has no evaluation for these encodings. Shapes are already right.
  virtual void check(const InputTypes& inputs, const OutputTypes& outputs) const = 0;

  // Exact: reals in double, integers by docs/numerics.md. Slow on purpose; every backend is judged by it.
  virtual void evaluate(const InputArrays& inputs, const OutputArrays& outputs) const = 0;

  // Multiply-accumulates of one evaluation.
  virtual std::int64_t macs(const InputTypes&, const OutputTypes&) const { return 0; }

  // Real in, real out, on a grid: what the simulated stage has beyond the float one, and what must not be
  // computed away before lowering has read the encoding off it.
  virtual bool simulates_quantization() const { return false; }

  bool operator==(const Operator& other) const {
    return name() == other.name() && fields() == other.fields();
  }

 protected:
  Operator() = default;
  Operator(const Operator&) = default;
  Operator& operator=(const Operator&) = default;
};

using OperatorPtr = std::shared_ptr<const Operator>;

// Reads and writes attributes from one description: `static void describe(auto& self, auto& field)` calls
// field("name", self.member) for each. Members: bool, int64_t, float, double, std::string,
// std::vector<int64_t>.
class FieldWriter {
 public:
  template <class T>
  void operator()(std::string_view name, const T& member) {
    if constexpr (std::is_same_v<T, float>)
      fields_.emplace_back(name, static_cast<double>(member));
    else
      fields_.emplace_back(name, member);
  }
  Fields take() { return std::move(fields_); }

 private:
  Fields fields_;
};

class FieldReader {
 public:
  explicit FieldReader(const Fields& fields) : fields_(fields) {}
  template <class T>
  void operator()(std::string_view name, T& member) {
    using Stored = std::conditional_t<std::is_same_v<T, float>, double, T>;
    const FieldValue& value = find(name);
    if constexpr (std::is_same_v<Stored, double>) {
      if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        member = static_cast<T>(*whole);
        return;
      }
    }
    const auto* stored = std::get_if<Stored>(&value);
    if (!stored) wrong_kind(name);
    member = static_cast<T>(*stored);
  }

 private:
  const FieldValue& find(std::string_view name) const;
  [[noreturn]] static void wrong_kind(std::string_view name);
  const Fields& fields_;
};

// Base of the concrete operators: name from Self::kName, fields from Self::describe.
template <class Self>
class Described : public Operator {
 public:
  std::string_view name() const override { return Self::kName; }
  Fields fields() const override {
    FieldWriter writer;
    Self::describe(static_cast<const Self&>(*this), writer);
    return writer.take();
  }
  static OperatorPtr from_fields(const Fields& fields) {
    auto self = std::make_shared<Self>();
    FieldReader reader(fields);
    Self::describe(*self, reader);
    return self;
  }
};

}  // namespace mote
