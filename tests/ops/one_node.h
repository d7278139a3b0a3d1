// Evaluates one operator on given arrays, for the tests of operators.
#pragma once

#include <memory>
#include <vector>

#include "ir/operator.h"

namespace mote::test {

inline Array reals(Shape shape, std::vector<double> values) {
  Array array({std::move(shape), Encoding::real(), {}});
  array.real = std::move(values);
  return array;
}

inline Array integers(Shape shape, Encoding encoding, std::vector<std::int64_t> values) {
  Array array({std::move(shape), std::move(encoding), {}});
  array.integer = std::move(values);
  return array;
}

// 0, 1, 2, ... of an integer encoding.
inline Array counting(Shape shape, Encoding encoding) {
  Array array({std::move(shape), std::move(encoding), {}});
  for (std::size_t i = 0; i < array.integer.size(); ++i) array.integer[i] = static_cast<std::int64_t>(i);
  return array;
}

// All outputs; they have the inferred types, the first with `encoding` where one is given.
inline std::vector<Array> evaluate_all(const Operator& op, const std::vector<Array>& inputs,
                                       const Encoding* encoding = nullptr) {
  InputTypes input_types;
  InputArrays input_arrays;
  for (const Array& input : inputs) {
    input_types.push_back(&input.type);
    input_arrays.push_back(&input);
  }
  std::vector<Array> outputs;
  for (TensorType& type : op.infer(input_types)) outputs.emplace_back(std::move(type));
  if (encoding) outputs[0] = Array({outputs[0].type.shape, *encoding, {}});
  OutputTypes output_types;
  OutputArrays output_arrays;
  for (Array& output : outputs) {
    output_types.push_back(&output.type);
    output_arrays.push_back(&output);
  }
  op.check(input_types, output_types);
  op.evaluate(input_arrays, output_arrays);
  return outputs;
}

inline Array evaluate(const Operator& op, const std::vector<Array>& inputs,
                      const Encoding* encoding = nullptr) {
  return evaluate_all(op, inputs, encoding)[0];
}

}  // namespace mote::test
