#include "ops/elementwise.h"

#include <algorithm>
#include <cmath>

#include "ir/patch.h"
#include "ops/movement.h"
#include "ops/random_tensor.h"

namespace mote::elementwise {

namespace {

bool fits(Form form, const Encoding& e) {
  const bool per_tensor = e.is_quantized() && !e.is_per_axis();
  switch (form) {
    case Form::Real: return e.is_real();
    case Form::Int8: return per_tensor && e.bits() <= 8;
    case Form::Int16: return per_tensor && e.bits() == 16 && e.is_signed() && e.zero_point() == 0;
    case Form::Plain: return e.is_integer() && !e.is_quantized();
  }
  return false;
}

std::string listed(const std::vector<const TensorType*>& tensors) {
  std::string text;
  for (const TensorType* tensor : tensors) {
    if (!tensor) continue;
    const Encoding& e = tensor->encoding;
    text += (text.empty() ? "" : ", ") + to_string(e);
    if (e.is_per_axis())
      text += " per axis";
    else if (e.is_quantized())
      text +=
          " quantized" + (e.zero_point() != 0 ? " with zero point " + std::to_string(e.zero_point()) : "");
  }
  return text;
}

}  // namespace

Form form_of(std::string_view op, const std::vector<const TensorType*>& tensors) {
  for (const Form form : {Form::Real, Form::Int8, Form::Int16, Form::Plain}) {
    const Encoding* first = nullptr;
    const bool all = std::all_of(tensors.begin(), tensors.end(), [&](const TensorType* tensor) {
      if (!tensor) return true;
      if (!first) first = &tensor->encoding;
      return fits(form, tensor->encoding) && (form != Form::Plain || tensor->encoding == *first);
    });
    if (all) return form;
  }
  movement::refuse(op, "its tensors are " + listed(tensors) +
                           "; they must be all real, all quantized per tensor to at most 8 bits, all s16 "
                           "with zero point 0, or "
                           "all of one plain integer type");
}

Form form_of(std::string_view op, const InputTypes& inputs, const OutputTypes& outputs, bool signs) {
  std::vector<const TensorType*> all = inputs;
  all.insert(all.end(), outputs.begin(), outputs.end());
  for (const TensorType* output : outputs)
    movement::require(!output->encoding.has_levels() || (signs && output->encoding.is_bipolar()), op,
                      "it computes no signs: its output is " + to_string(output->encoding));
  return form_of(op, all);
}

Shape broadcast_shape(std::string_view op, const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    movement::require(x == y || x == 1 || y == 1, op,
                      "shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast");
    shape[shape.size() - 1 - i] = x == 1 ? y : x;
  }
  element_count(shape);
  return shape;
}

Broadcast broadcast(const Shape& a, const Shape& b, const Shape& output) {
  Broadcast plan;
  std::int64_t a_stride = 1;
  std::int64_t b_stride = 1;
  for (std::size_t i = 0; i < output.size(); ++i) {  // from the last axis outwards
    const std::int64_t extent = output[output.size() - 1 - i];
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (extent != 1) {
      const std::int64_t a_step = x == 1 ? 0 : a_stride;
      const std::int64_t b_step = y == 1 ? 0 : b_stride;
      if (!plan.extents.empty() && a_step == plan.a_strides.back() * plan.extents.back() &&
          b_step == plan.b_strides.back() * plan.extents.back()) {
        plan.extents.back() *= extent;
      } else {
        plan.extents.push_back(extent);
        plan.a_strides.push_back(a_step);
        plan.b_strides.push_back(b_step);
      }
    }
    a_stride *= x;
    b_stride *= y;
  }
  if (plan.extents.empty()) plan = {{1}, {0}, {0}};
  std::reverse(plan.extents.begin(), plan.extents.end());
  std::reverse(plan.a_strides.begin(), plan.a_strides.end());
  std::reverse(plan.b_strides.begin(), plan.b_strides.end());
  return plan;
}

std::int64_t wrap(std::int64_t value, const Encoding& encoding) {
  const int unused = 64 - encoding.bits();
  const std::uint64_t shifted = static_cast<std::uint64_t>(value) << unused;
  return encoding.is_signed() ? static_cast<std::int64_t>(shifted) >> unused
                              : static_cast<std::int64_t>(shifted >> unused);
}

std::int64_t quantize(double real, const Encoding& encoding) {
  if (std::isnan(real)) return encoding.zero_point();
  const double q = std::round(real / static_cast<double>(encoding.scale())) + encoding.zero_point();
  return static_cast<std::int64_t>(
      std::clamp(q, static_cast<double>(encoding.min()), static_cast<double>(encoding.max())));
}

Encoding sample_quantized(Rng& rng, Form form) {
  if (form == Form::Int16)
    return Encoding::affine(16, true, static_cast<float>(rng.uniform(2, 5) / 32768), 0);
  const int bits = rng.chance(0.75) ? 8 : static_cast<int>(rng.integer(2, 7));
  const bool is_signed = rng.chance(0.75);
  const Encoding plain = Encoding::integer(bits, is_signed);
  const std::int64_t quarter = (plain.max() - plain.min()) / 4;
  const std::int64_t zero_point = rng.integer(plain.min() + quarter, plain.max() - quarter);
  const auto scale = static_cast<float>(rng.uniform(2, 8) / static_cast<double>(plain.max() - plain.min()));
  return Encoding::affine(bits, is_signed, scale, static_cast<std::int32_t>(zero_point));
}

Encoding sample_encoding(Rng& rng) {
  const double which = rng.uniform();
  if (which < 0.3) return Encoding::real();
  return sample_quantized(rng, which < 0.8 ? Form::Int8 : Form::Int16);
}

Shape sample_shape(Rng& rng, std::size_t most_rank) {
  Shape shape(static_cast<std::size_t>(rng.integer(1, static_cast<std::int64_t>(most_rank))));
  for (auto& extent : shape) extent = rng.integer(1, 6);
  return shape;
}

Graph sample_graph(Rng& rng, OperatorPtr op, const std::vector<SampleOperand>& operands, TensorType output) {
  Patch patch;
  std::vector<ValueId> ids;
  for (const SampleOperand& operand : operands) {
    const std::string name = "x" + std::to_string(ids.size());
    ids.push_back(operand.is_constant
                      ? patch.add_constant(name, random_tensor(rng, operand.type, operand.low, operand.high))
                      : patch.add_input(name, operand.type));
  }
  const auto outputs = patch.add_node(std::move(op), ids, {std::move(output)}, "sample");
  patch.add_output(outputs[0]);
  return std::move(patch).apply();
}

}  // namespace mote::elementwise
