// What the operators that move elements share: argument checks, and the one loop that most of them are:
// output element i, in C order, is source element offset + sum(index[a] * strides[a]).
#pragma once

#include <string_view>

#include "base/rng.h"
#include "ir/graph.h"

namespace mote::movement {

// Throws UserError "OP cannot be computed", with the reason.
[[noreturn]] void refuse(std::string_view op, const std::string& why);
void require(bool condition, std::string_view op, const std::string& why);
// The count of inputs must be within [least, most] and none may be absent.
void expect_inputs(std::string_view op, const InputTypes& inputs, std::size_t least, std::size_t most);
// `axis` as an index; refuses one outside the rank.
std::size_t expect_axis(std::string_view op, std::int64_t axis, const Shape& shape);
// The only input of an operator that lets an encoding pass; refuses a per-axis encoding.
const TensorType& expect_passing_input(std::string_view op, const InputTypes& inputs);
// Outputs must have exactly these encodings.
void expect_encodings(std::string_view op, const std::vector<TensorType>& inferred,
                      const OutputTypes& outputs);

std::vector<std::int64_t> strides_of(const Shape& shape);  // C order, in elements
std::int64_t product(const Shape& shape, std::size_t begin, std::size_t end);

// A view of a tensor: one size and stride per axis, in elements.
struct View {
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};

// The same view with as few axes as possible: axes of extent 1 go, neighbours that are one run merge.
View collapsed(const View& view);

// Calls visit(target, source) for each element of the view, target counting from 0.
template <class Visit>
void for_each(const View& view, const Visit& visit) {
  std::int64_t count = 1;
  for (const std::int64_t size : view.sizes) count *= size;
  std::vector<std::int64_t> index(view.sizes.size(), 0);
  std::int64_t source = view.offset;
  for (std::int64_t target = 0; target < count; ++target) {
    visit(static_cast<std::size_t>(target), static_cast<std::size_t>(source));
    for (std::size_t axis = index.size(); axis-- > 0;) {
      source += view.strides[axis];
      if (++index[axis] < view.sizes[axis]) break;
      source -= index[axis] * view.strides[axis];
      index[axis] = 0;
    }
  }
}

// Calls visit with the vector of elements of both arrays, whichever kind they have: visit(from_elements,
// to_elements).
template <class Visit>
void with_elements(const Array& from, Array& to, const Visit& visit) {
  if (from.encoding().is_real())
    visit(from.real, to.real);
  else
    visit(from.integer, to.integer);
}

// output = the view of input.
void copy(const Array& input, const View& view, Array& output);

// For samples: one of real, 8-bit signed and unsigned, 16-bit, 4-bit, and plain s8 and s32 encodings.
Encoding sample_encoding(Rng& rng);
Shape sample_shape(Rng& rng, std::size_t least_rank, std::size_t most_rank);
// A graph of one node whose inputs are graph inputs of these types; output types are the inferred ones.
Graph sample_graph(const OperatorPtr& op, const std::vector<TensorType>& inputs);

}  // namespace mote::movement
