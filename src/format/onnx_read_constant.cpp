// Constants, shapes and the operators that exist here only between constants: comparisons, logic, Where,
// Range, Mod.
#include <algorithm>
#include <cmath>

#include "format/onnx_import.h"

namespace mote::onnx_import {

namespace {

ValueId integers_constant(NodeImport& node, const std::vector<std::int64_t>& values, bool scalar = false) {
  const TensorType type{
      scalar ? Shape{} : Shape{static_cast<std::int64_t>(values.size())}, Encoding::integer(32, true), {}};
  std::vector<std::int64_t> carried;
  for (const std::int64_t v : values)
    carried.push_back(std::clamp(v, type.encoding.min(), type.encoding.max()));
  return node.add_constant(Tensor::integers(type, carried));
}

void read_constant(NodeImport& node) {
  if (const auto tensor = node.tensor("value"))
    return node.set_output(0, node.add_constant(*tensor), node.tensor_element("value"));
  if (node.has_attribute("value_float"))
    return node.set_output(0, node.real_constant(node.real("value_float", 0)), OnnxElement::kFloat);
  if (node.has_attribute("value_int"))
    return node.set_output(0, integers_constant(node, {node.integer("value_int", 0)}, true),
                           OnnxElement::kInt64);
  if (node.has_attribute("value_ints"))
    return node.set_output(0, integers_constant(node, node.integers("value_ints")), OnnxElement::kInt64);
  if (node.has_attribute("value_floats")) {
    const auto values = node.reals("value_floats");
    const auto count = static_cast<std::int64_t>(values.size());
    return node.set_output(0, node.add_constant(Tensor::reals({count}, values)), OnnxElement::kFloat);
  }
  node.fail("it has no dense numeric value");
}

void read_constant_of_shape(NodeImport& node) {
  const Tensor value = node.tensor("value").value_or(Tensor::reals({1}, {0.0F}));
  if (value.type().elements() != 1) node.fail("its value is not one element");
  Array array;
  array.type = value.type();
  array.type.shape = node.integer_input(0);
  const std::int64_t count = element_count(array.type.shape);
  node.spend(count);
  const Array one = widen(value);
  if (one.real.empty())
    array.integer.assign(static_cast<std::size_t>(count), one.integer[0]);
  else
    array.real.assign(static_cast<std::size_t>(count), one.real[0]);
  node.set_output(0, node.add_constant(narrow(array)),
                  node.has_attribute("value") ? node.tensor_element("value") : OnnxElement::kFloat);
}

void read_shape(NodeImport& node) {
  const Shape& shape = node.shape(node.input(0));
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto place = [&](std::int64_t p) {
    return std::clamp<std::int64_t>(p < 0 ? std::max(p, -rank) + rank : p, 0, rank);
  };
  const std::int64_t start = place(node.integer("start", 0));
  const std::int64_t end = std::max(place(node.integer("end", rank)), start);
  node.set_output(0, integers_constant(node, {shape.begin() + start, shape.begin() + end}),
                  OnnxElement::kInt64);
}

void read_size(NodeImport& node) {
  node.set_output(0, integers_constant(node, {node.type(node.input(0)).elements()}, true),
                  OnnxElement::kInt64);
}

void read_range(NodeImport& node) {
  double bounds[3];
  for (std::size_t i = 0; i < 3; ++i) bounds[i] = node.scalar_input(i);
  const double count = std::max(std::ceil((bounds[1] - bounds[0]) / bounds[2]), 0.0);
  if (!(count <= 1 << 24)) node.fail("it has too many elements");
  node.spend(static_cast<std::int64_t>(count));
  Array array({{static_cast<std::int64_t>(count)}, node.type(node.input(0)).encoding, {}});
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const double value = bounds[0] + static_cast<double>(i) * bounds[2];
    if (array.real.empty())
      array.integer[i] = static_cast<std::int64_t>(value);
    else
      array.real[i] = value;
  }
  node.set_output(0, node.add_constant(narrow(array)));
}

double compute(const std::string& type, const double* v) {
  if (type == "Equal") return v[0] == v[1];
  if (type == "Greater") return v[0] > v[1];
  if (type == "GreaterOrEqual") return v[0] >= v[1];
  if (type == "Less") return v[0] < v[1];
  if (type == "LessOrEqual") return v[0] <= v[1];
  if (type == "And") return v[0] != 0 && v[1] != 0;
  if (type == "Or") return v[0] != 0 || v[1] != 0;
  if (type == "Xor") return (v[0] != 0) != (v[1] != 0);
  if (type == "Not") return v[0] == 0;
  if (type == "Where") return v[0] != 0 ? v[1] : v[2];
  if (v[1] == 0) return 0;  // Mod, with the sign of the divisor
  return v[0] - std::floor(v[0] / v[1]) * v[1];
}

// Element of an array under the broadcast shape `shape`, at flat position `index` of that shape.
double broadcast_element(const Array& array, const Shape& shape, std::int64_t index) {
  std::int64_t position = 0;
  std::int64_t stride = 1;
  const std::size_t skipped = shape.size() - array.shape().size();
  for (std::size_t i = shape.size(); i-- > 0;) {
    const std::int64_t coordinate = index % shape[i];
    index /= shape[i];
    if (i < skipped) continue;
    const std::int64_t extent = array.shape()[i - skipped];
    if (extent > 1) position += coordinate * stride;
    stride *= extent;
  }
  const auto p = static_cast<std::size_t>(position);
  return array.real.empty() ? static_cast<double>(array.integer[p]) : array.real[p];
}

void read_logic(NodeImport& node) {
  const std::string type = node.op_type();
  const std::size_t expected = type == "Not" ? 1 : type == "Where" ? 3 : 2;
  std::vector<Array> inputs;
  Shape shape;
  for (std::size_t i = 0; i < expected; ++i) {
    inputs.push_back(widen(node.constant_input(i)));
    const Shape& s = inputs.back().shape();
    if (s.size() > shape.size()) shape.insert(shape.begin(), s.size() - shape.size(), 1);
    for (std::size_t k = 0; k < s.size(); ++k) {
      std::int64_t& extent = shape[shape.size() - s.size() + k];
      if (extent != s[k] && extent != 1 && s[k] != 1) node.fail("the shapes of its inputs do not broadcast");
      if (extent == 1) extent = s[k];
    }
  }
  const std::int64_t count = element_count(shape);
  node.spend(count);
  const bool keeps_type = type == "Where" || type == "Mod";
  Array result({shape, keeps_type ? inputs.back().encoding() : Encoding::integer(1, false), {}});
  for (std::int64_t i = 0; i < count; ++i) {
    double values[3] = {};
    for (std::size_t k = 0; k < expected; ++k) values[k] = broadcast_element(inputs[k], shape, i);
    const double y = compute(type, values);
    if (result.encoding().is_real())
      result.real[static_cast<std::size_t>(i)] = y;
    else
      result.integer[static_cast<std::size_t>(i)] =
          std::clamp(static_cast<std::int64_t>(y), result.encoding().min(), result.encoding().max());
  }
  node.set_output(0, node.add_constant(narrow(result)),
                  keeps_type ? node.element(expected - 1) : OnnxElement::kBool);
}

constexpr ConvertRow kRows[] = {
    {"Constant", read_constant}, {"ConstantOfShape", read_constant_of_shape},
    {"Shape", read_shape},       {"Size", read_size},
    {"Range", read_range},       {"Equal", read_logic},
    {"Greater", read_logic},     {"GreaterOrEqual", read_logic},
    {"Less", read_logic},        {"LessOrEqual", read_logic},
    {"And", read_logic},         {"Or", read_logic},
    {"Xor", read_logic},         {"Not", read_logic},
    {"Where", read_logic},       {"Mod", read_logic},
};

}  // namespace

std::span<const ConvertRow> constant_rows() { return kRows; }

}  // namespace mote::onnx_import
