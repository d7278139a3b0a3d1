// What the elementwise operators share: which encodings go together, NumPy broadcasting, and their samples.
#pragma once

#include <string_view>
#include <vector>

#include "base/rng.h"
#include "ir/graph.h"
#include "ops/fixed_point.h"

namespace mote::elementwise {

// Real   every tensor is real.
// Int8   every tensor is quantized per tensor with 1 to 8 bits; bits, signs, scales and zero points may
// differ. Int16  every tensor is s16, quantized per tensor with zero point 0. Plain  every tensor has the
// same plain integer encoding.
enum class Form { Real, Int8, Int16, Plain };

// The form of these tensors; UserError when they have none. nullptr entries are skipped.
Form form_of(std::string_view op, const std::vector<const TensorType*>& tensors);
// Of a node; its outputs have no levels, or are bipolar where it can give `signs`.
Form form_of(std::string_view op, const InputTypes& inputs, const OutputTypes& outputs, bool signs = false);

// The shape that a and b broadcast to; UserError when they do not.
Shape broadcast_shape(std::string_view op, const Shape& a, const Shape& b);

// Two operands over one output, with as few axes as possible (at least one): extents and element strides,
// outermost first.
struct Broadcast {
  std::vector<std::int64_t> extents;
  std::vector<std::int64_t> a_strides;
  std::vector<std::int64_t> b_strides;
};
Broadcast broadcast(const Shape& a, const Shape& b, const Shape& output);

// Calls visit(output index, a index, b index) in output order.
template <class Visit>
void for_each(const Broadcast& plan, const Visit& visit) {
  std::size_t count = 1;
  for (const std::int64_t extent : plan.extents) count *= static_cast<std::size_t>(extent);
  std::vector<std::int64_t> index(plan.extents.size(), 0);
  std::int64_t a = 0;
  std::int64_t b = 0;
  for (std::size_t i = 0; i < count; ++i) {
    visit(i, static_cast<std::size_t>(a), static_cast<std::size_t>(b));
    for (std::size_t axis = index.size(); axis-- > 0;) {
      a += plan.a_strides[axis];
      b += plan.b_strides[axis];
      if (++index[axis] < plan.extents[axis]) break;
      a -= index[axis] * plan.a_strides[axis];
      b -= index[axis] * plan.b_strides[axis];
      index[axis] = 0;
    }
  }
}

// The low bits of value, as that encoding reads them.
std::int64_t wrap(std::int64_t value, const Encoding& encoding);
// zero_point + round(real / scale), halves away from zero, within the range: equation 2 in double. NaN gives
// the zero point.
std::int64_t quantize(double real, const Encoding& encoding);

// Samples.
Encoding sample_quantized(Rng& rng, Form form);  // Int8 or Int16, values within about -4 .. 4
Encoding sample_encoding(Rng& rng);              // real, or one of the above
Shape sample_shape(Rng& rng, std::size_t most_rank = 4);

struct SampleOperand {
  TensorType type;
  bool is_constant = false;
  double low = -2;  // of a real constant
  double high = 2;
};
// A graph of one node with one output of this type.
Graph sample_graph(Rng& rng, OperatorPtr op, const std::vector<SampleOperand>& operands, TensorType output);

}  // namespace mote::elementwise
