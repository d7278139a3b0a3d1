#include "ops/softmax.h"

#include <algorithm>
#include <cmath>

#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/softmax_law.h"

namespace mote {

namespace {

using elementwise::Form;

// One row of reals, `stride` apart.
void real_row(bool is_log, double beta, const double* in, double* out, std::size_t count,
              std::size_t stride) {
  double top = in[0];
  for (std::size_t i = 1; i < count; ++i) top = std::max(top, in[i * stride]);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::exp(beta * (in[i * stride] - top));
  const double log_sum = std::log(sum);
  for (std::size_t i = 0; i < count; ++i) {
    const double x = beta * (in[i * stride] - top);
    out[i * stride] = is_log ? x - log_sum : std::exp(x) / sum;
  }
}

}  // namespace

Encoding softmax_encoding(std::string_view function, const Encoding& input) {
  if (!input.is_quantized()) return input;
  if (input.bits() == 16) return Encoding::affine(16, true, 1.0F / 32768, 0);
  const bool is_log = function == "LogSoftmax";
  return Encoding::affine(input.bits(), input.is_signed(), std::ldexp(is_log ? 16.0F : 1.0F, -input.bits()),
                          static_cast<std::int32_t>(is_log ? input.max() : input.min()));
}

std::vector<TensorType> Softmax::infer(const InputTypes& inputs) const {
  movement::require(function == "Softmax" || function == "LogSoftmax", "Softmax",
                    "there is no function '" + function + "'");
  movement::expect_inputs(function, inputs, 1, 1);
  movement::expect_axis(function, axis, inputs[0]->shape);
  movement::require(std::isfinite(beta) && beta > 0, function, "beta is not positive");
  const Encoding& input = inputs[0]->encoding;
  const bool has_law = input.is_quantized() && !input.is_per_axis() && input.bits() <= 16;
  return {{inputs[0]->shape, has_law ? softmax_encoding(function, input) : input, {}}};
}

void Softmax::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const Form form = elementwise::form_of(function, inputs, outputs);
  movement::require(form != Form::Plain, function, "it takes real or quantized numbers");
  if (form == Form::Real) return;
  const Encoding& output = outputs[0]->encoding;
  const Encoding natural = softmax_encoding(function, output);
  const bool close = std::abs(output.scale() / natural.scale() - 1) < 0.01F;
  movement::require(close && output.zero_point() == natural.zero_point(), function,
                    "a quantized output must have scale " + std::to_string(natural.scale()) +
                        " and zero point " + std::to_string(natural.zero_point()));
  movement::require(inputs[0]->shape.at(static_cast<std::size_t>(axis)) < kMaxSoftmaxRow, function,
                    "a quantized row must have fewer than 4096 elements");
  movement::require(form == Form::Int8 || function == "Softmax", function, "there is no 16-bit form");
  movement::require(form == Form::Int16 || inputs[0]->encoding.scale() * beta >= 1e-6F, function,
                    "the scale of its input is below 1e-6");
  movement::require(function == "Softmax" || output.bits() >= 4, function,
                    "its output has fewer than 4 bits");
}

void Softmax::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& x = *inputs[0];
  Array& y = *outputs[0];
  const auto along = static_cast<std::size_t>(axis);
  const auto count = static_cast<std::size_t>(x.shape()[along]);
  const auto stride = static_cast<std::size_t>(movement::product(x.shape(), along + 1, x.shape().size()));
  const auto rows = [&](const auto& row) {
    const auto total = static_cast<std::size_t>(x.size());
    for (std::size_t outer = 0; outer < total; outer += count * stride)
      for (std::size_t inner = 0; inner < stride; ++inner) row(outer + inner);
  };
  const Form form = elementwise::form_of(function, {&x.type, &y.type});
  if (form == Form::Real) {
    rows([&](std::size_t first) {
      real_row(function == "LogSoftmax", beta, x.real.data() + first, y.real.data() + first, count, stride);
    });
    return;
  }
  const std::span<const std::int64_t> in(x.integer);
  const std::span<std::int64_t> out(y.integer);
  if (form == Form::Int8) {
    const SoftmaxLaw8 law = softmax_law_8(function, beta, x.encoding(), y.encoding());
    rows([&](std::size_t first) { law(in.subspan(first), out.subspan(first), count, stride); });
  } else {
    const SoftmaxLaw16 law = softmax_law_16(beta, x.encoding());
    rows([&](std::size_t first) { law(in.subspan(first), out.subspan(first), count, stride); });
  }
}

namespace {

Graph sample(Rng& rng, std::string_view function) {
  auto op = std::make_shared<Softmax>();
  op->function = std::string(function);
  const Shape shape = elementwise::sample_shape(rng);
  op->axis = rng.chance(0.7) ? static_cast<std::int64_t>(shape.size()) - 1
                             : rng.integer(0, static_cast<std::int64_t>(shape.size()) - 1);
  if (rng.chance(0.2)) op->beta = 0.5F;
  Encoding input = elementwise::sample_encoding(rng);
  const bool is_log = function == "LogSoftmax";
  if (is_log && input.is_quantized() && (input.bits() == 16 || input.bits() < 4))
    input = Encoding::affine(8, true, 0.05F, 3);
  const TensorType x{shape, input, {}};
  return elementwise::sample_graph(rng, op, {{x}}, op->infer({&x})[0]);
}

}  // namespace

Graph sample_softmax(Rng& rng) { return sample(rng, "Softmax"); }
Graph sample_log_softmax(Rng& rng) { return sample(rng, "LogSoftmax"); }

}  // namespace mote
