#include "ops/mat_mul.h"

#include <algorithm>

#include "ir/patch.h"
#include "ops/accumulation_sample.h"
#include "ops/correlation.h"
#include "ops/random_tensor.h"

namespace mote {

namespace {

struct Extents {
  std::int64_t m, n, k;
};

Extents extents(const MatMul& op, const Shape& a, const Shape& b) {
  const std::size_t i = a.size() - 2;
  const std::size_t j = b.size() - 2;
  return {a[i + (op.transpose_a ? 1 : 0)], b[j + (op.transpose_b ? 0 : 1)], a[i + (op.transpose_a ? 0 : 1)]};
}

// All three 32-bit plain integers of one sign.
bool is_plain_word(const TensorType& a, const TensorType& b, const TensorType& y) {
  const Encoding& e = a.encoding;
  return e.is_integer() && e.bits() == 32 && !e.is_quantized() && b.encoding == e && y.encoding == e;
}

// Flat index of the matrix of an operand for the matrix `index` of the output: its leading axes broadcast.
std::int64_t batch_of(const Shape& operand, const Shape& output, std::int64_t index) {
  std::int64_t batch = 0;
  std::int64_t step = 1;
  const std::size_t shift = output.size() - operand.size();
  for (std::size_t axis = output.size() - 2; axis-- > 0;) {
    const std::int64_t at = index % output[axis];
    index /= output[axis];
    if (axis < shift) continue;
    const std::int64_t extent = operand[axis - shift];
    if (extent > 1) batch += at * step;
    step *= extent;
  }
  return batch;
}

// `matrix` [rows, columns], or its transpose, with `rows` rows.
template <class T>
void copy_matrix(const T* matrix, std::int64_t rows, std::int64_t columns, bool transposed,
                 std::vector<T>& to) {
  to.resize(static_cast<std::size_t>(rows * columns));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      to[static_cast<std::size_t>(r * columns + c)] = matrix[transposed ? c * rows + r : r * columns + c];
}

template <class Sum, class T, class Finish>
void multiply(const MatMul& op, const Shape& a_shape, const Shape& b_shape, const Shape& y_shape,
              const std::vector<T>& a, const std::vector<T>& b, const Finish& finish) {
  const auto [m, n, k] = extents(op, a_shape, b_shape);
  std::vector<T> left;
  std::vector<T> right;  // [n, k], so that both run along k
  std::size_t at = 0;
  const std::int64_t matrices = m * n == 0 ? 0 : element_count(y_shape) / (m * n);
  for (std::int64_t i = 0; i < matrices; ++i) {
    copy_matrix(a.data() + batch_of(a_shape, y_shape, i) * m * k, m, k, op.transpose_a, left);
    copy_matrix(b.data() + batch_of(b_shape, y_shape, i) * k * n, n, k, !op.transpose_b, right);
    for (std::int64_t r = 0; r < m; ++r)
      for (std::int64_t c = 0; c < n; ++c) {
        Sum sum{};
        for (std::int64_t j = 0; j < k; ++j)
          sum += static_cast<Sum>(left[static_cast<std::size_t>(r * k + j)]) *
                 static_cast<Sum>(right[static_cast<std::size_t>(c * k + j)]);
        finish(at++, sum);
      }
  }
}

Accumulation form_of(const MatMul& op, const AccumulationTypes& types) {
  return accumulation_form(MatMul::kRule, types, extents(op, types.x.shape, types.w.shape).k);
}

}  // namespace

std::vector<TensorType> MatMul::infer(const InputTypes& inputs) const {
  if (inputs.size() != 2 || !inputs[0] || !inputs[1]) refuse_shape(kName, "it takes two matrices");
  const Shape& a = inputs[0]->shape;
  const Shape& b = inputs[1]->shape;
  const std::string both = to_string(a) + " and " + to_string(b);
  if (a.size() < 2 || b.size() < 2 || a.size() > 6 || b.size() > 6)
    refuse_shape(kName, "the operands are " + both);
  const auto [m, n, k] = extents(*this, a, b);
  if (k != b[b.size() - (transpose_b ? 1 : 2)])
    refuse_shape(kName, "the inner extents of " + both + " differ");
  const std::size_t rank = std::max(a.size(), b.size());
  Shape y(rank, 1);
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) {
    const std::int64_t from_a = axis + a.size() >= rank ? a[axis + a.size() - rank] : 1;
    const std::int64_t from_b = axis + b.size() >= rank ? b[axis + b.size() - rank] : 1;
    if (from_a != from_b && from_a != 1 && from_b != 1) refuse_shape(kName, both + " do not broadcast");
    y[axis] = from_a == 1 ? from_b : from_a;
  }
  y[rank - 2] = m;
  y[rank - 1] = n;
  return {{std::move(y), inputs[0]->encoding, {}}};
}

void MatMul::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  if (is_plain_word(*inputs[0], *inputs[1], *outputs[0])) return;
  const AccumulationTypes types{*inputs[0], *inputs[1], nullptr, *outputs[0]};
  output_stage(kRule, types, form_of(*this, types), {clamp_min, clamp_max});
}

void MatMul::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& a = *inputs[0];
  const Array& b = *inputs[1];
  Array& y = *outputs[0];
  if (is_plain_word(a.type, b.type, y.type)) {
    const bool is_signed = y.encoding().is_signed();
    const std::vector<std::uint64_t> left(a.integer.begin(), a.integer.end());
    const std::vector<std::uint64_t> right(b.integer.begin(), b.integer.end());
    multiply<std::uint64_t>(
        *this, a.shape(), b.shape(), y.shape(), left, right, [&](std::size_t at, std::uint64_t sum) {
          const auto word = static_cast<std::uint32_t>(sum);
          y.integer[at] =
              is_signed ? static_cast<std::int64_t>(static_cast<std::int32_t>(word)) : std::int64_t{word};
        });
    return;
  }
  const AccumulationTypes types{a.type, b.type, nullptr, y.type};
  const Accumulation form = form_of(*this, types);
  if (form == Accumulation::Real) {
    multiply<double>(*this, a.shape(), b.shape(), y.shape(), a.real, b.real, [&](std::size_t at, double sum) {
      y.real[at] = std::clamp(sum, static_cast<double>(clamp_min), static_cast<double>(clamp_max));
    });
    return;
  }
  const OutputStage stage = output_stage(kRule, types, form, {clamp_min, clamp_max});
  multiply<std::int64_t>(*this, a.shape(), b.shape(), y.shape(), centered(a), centered(b),
                         [&](std::size_t at, std::int64_t sum) { y.integer[at] = stage(sum, 0); });
}

std::int64_t MatMul::macs(const InputTypes& inputs, const OutputTypes& outputs) const {
  return outputs[0]->elements() * extents(*this, inputs[0]->shape, inputs[1]->shape).k;
}

Graph sample_mat_mul(Rng& rng) {
  auto op = std::make_shared<MatMul>();
  op->transpose_a = rng.chance(0.3);
  op->transpose_b = rng.chance(0.5);
  random_clamp(rng, op->clamp_min, op->clamp_max);
  const std::int64_t m = rng.integer(1, 6);
  const std::int64_t n = rng.integer(1, 7);
  const std::int64_t k = rng.integer(1, 24);
  Shape a = op->transpose_a ? Shape{k, m} : Shape{m, k};
  Shape b = op->transpose_b ? Shape{n, k} : Shape{k, n};
  for (std::int64_t axes = rng.integer(0, 3); axes > 0; --axes) {
    const std::int64_t extent = rng.integer(1, 3);
    a.insert(a.begin(), rng.chance(0.8) ? extent : 1);
    if (b.size() + 1 == a.size() && rng.chance(0.8)) b.insert(b.begin(), rng.chance(0.7) ? a[0] : 1);
  }
  Encoding x = Encoding::real();
  Encoding w = x;
  Encoding y = x;
  const double kind = rng.uniform();
  if (kind < 0.2) {
    x = w = Encoding::affine(16, true, 2e-4F, 0);
    y = Encoding::affine(16, true, random_output_scale(rng, x, w, k, 16), 0);
  } else if (kind < 0.3) {
    x = w = y = Encoding::integer(32, rng.chance(0.7));
  } else if (kind < 0.7) {
    x = random_narrow_activation(rng);
    w = random_narrow_activation(rng);
    y = random_narrow_activation(rng);
    if (y.is_bipolar()) op->clamp_min = -(op->clamp_max = std::numeric_limits<float>::infinity());
    y = y.is_bipolar()    ? y
        : rng.chance(0.2) ? Encoding::integer(32, true)
                          : Encoding::affine(y.bits(), y.is_signed(),
                                             random_output_scale(rng, x, w, k, y.bits()), y.zero_point());
  }
  Patch patch;
  std::vector<ValueId> inputs{patch.add_input("a", {a, x, {}})};
  inputs.push_back(rng.chance(0.5) ? patch.add_input("b", {b, w, {}})
                                   : patch.add_constant("b", random_tensor(rng, {b, w, {}})));
  TensorType output = op->infer({&patch.type(inputs[0]), &patch.type(inputs[1])}).at(0);
  output.encoding = y;
  patch.add_output(patch.add_node(op, inputs, {output}, "sample", {"y"})[0]);
  return std::move(patch).apply();
}

}  // namespace mote
