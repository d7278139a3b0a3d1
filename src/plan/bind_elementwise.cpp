#include "plan/bind_elementwise.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "ops/binary.h"
#include "ops/prelu.h"
#include "ops/requantize.h"
#include "ops/unary.h"
#include "plan/linear_sum.h"

namespace mote {

using elementwise::Form;

Parameter integer(std::string name, std::int64_t value) { return {std::move(name), value}; }

bool add_broadcast(std::vector<Parameter>& params, const std::string& prefix,
                   const elementwise::Broadcast& plan) {
  constexpr std::size_t kAxes = 6;
  if (plan.extents.size() > kAxes) return false;
  params.push_back({prefix + ".extents", right_aligned(plan.extents, kAxes, 1)});
  params.push_back({prefix + ".a_steps", right_aligned(plan.a_strides, kAxes, 0)});
  params.push_back({prefix + ".b_steps", right_aligned(plan.b_strides, kAxes, 0)});
  return true;
}

void add_multiplier(std::vector<Parameter>& params, const std::string& prefix, Multiplier m) {
  params.push_back(integer(prefix + "multiplier", m.value));
  params.push_back(integer(prefix + "shift", m.shift));
}

void add_range(std::vector<Parameter>& params, IntegerRange range, std::int32_t zero_point) {
  params.push_back(integer("low", std::int64_t{range.min} - zero_point));
  params.push_back(integer("high", std::int64_t{range.max} - zero_point));
}

std::int64_t byte_flip_from_least(const Encoding& encoding) { return encoding.is_signed() ? 0x80 : 0; }
std::int64_t byte_zero_from_least(const Encoding& encoding) {
  return encoding.zero_point() + byte_flip_from_least(encoding);
}

Bound elementwise_call(const BindContext& context, std::string function, std::string params_type,
                       std::vector<Parameter> params, std::size_t count) {
  Bound bound = one_call(context, std::move(function), std::move(params_type), std::move(params));
  auto& inputs = bound.calls[0].inputs;
  inputs.resize(std::min(count, inputs.size()));
  const TensorType& y = context.output();
  for (const ValueId input : inputs) {
    const TensorType& x = context.graph.type(input);
    if (x.shape == y.shape && x.encoding.container_bytes() == y.encoding.container_bytes() &&
        x.encoding.is_real() == y.encoding.is_real())
      bound.in_place_inputs.push_back(input);
  }
  return bound;
}

namespace {

std::string snake_case(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool is_upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (is_upper && !text.empty()) text += '_';
    text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return text;
}

Form form(const BindContext& context) {
  std::vector<const TensorType*> tensors = context.graph.input_types(context.id);
  for (const TensorType* output : context.graph.output_types(context.id)) tensors.push_back(output);
  return elementwise::form_of(context.node().op->name(), tensors);
}

elementwise::Broadcast broadcast_of(const BindContext& context) {
  return elementwise::broadcast(context.input(0).shape, context.input(1).shape, context.output().shape);
}

Refusal too_many_axes() { return {"more than 6 axes that do not merge"}; }

Clamp clamp_of(const BindContext& context) {
  const auto* op = context.node().as<Binary>();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  return op ? Clamp{op->clamp_min, op->clamp_max} : Clamp{-kInfinity, kInfinity};
}

ConstantArray byte_table(const TableLaw& law) {
  std::vector<std::byte> bytes(std::bit_ceil(law.outputs.size()));
  for (std::size_t i = 0; i < law.outputs.size(); ++i) {  // by the low bits of the input integer
    const std::size_t at =
        static_cast<std::size_t>(law.least + static_cast<std::int64_t>(i)) & (bytes.size() - 1);
    bytes[at] = static_cast<std::byte>(law.outputs[i] & 0xff);
  }
  return {"uint8_t", std::move(bytes)};
}

// The same function as a table, where both sides are bytes.
TableLaw tabulated(const PiecewiseLaw& law, const Encoding& input) {
  TableLaw table{input.min(), {}};
  for (std::int64_t q = input.min(); q <= input.max(); ++q)
    table.outputs.push_back(law(static_cast<std::int32_t>(q)));
  return table;
}

std::int64_t row_elements(const TensorType& type) {
  return type.elements() / std::max<std::int64_t>(row_count(type), 1);
}

Bound table_call(const BindContext& context, const TableLaw& law) {
  const std::int64_t rows = row_count(context.output());
  Bound bound =
      elementwise_call(context, "lookup_bytes", "lookup_bytes_params",
                       {integer("row_elements", row_elements(context.output())),
                        integer("mask", static_cast<std::int64_t>(std::bit_ceil(law.outputs.size())) - 1),
                        {"table", byte_table(law)}},
                       1);
  offer_row_ranges(bound.calls[0], rows, 0, rows);
  return bound;
}

Bound piecewise_call(const BindContext& context, const PiecewiseLaw& law) {
  const Encoding& x = context.input(0).encoding;
  const Encoding& y = context.output().encoding;
  if (x.bits() <= 8 && y.bits() <= 8) return table_call(context, tabulated(law, x));
  std::vector<Parameter> params{integer("count", context.output().elements()), integer("x_zero", law.in_zero),
                                integer("y_zero", law.out_zero)};
  add_multiplier(params, "negative_", law.negative);
  add_multiplier(params, "positive_", law.positive);
  add_range(params, law.range, law.out_zero);
  return elementwise_call(context, "piecewise_" + element_suffix(x) + "_" + element_suffix(y),
                          "piecewise_params", std::move(params), 1);
}

}  // namespace

Bound unary_law_call(const BindContext& context, const UnaryLaw& law) {
  if (const auto* table = std::get_if<TableLaw>(&law)) return table_call(context, *table);
  if (const auto* piecewise = std::get_if<PiecewiseLaw>(&law)) return piecewise_call(context, *piecewise);
  return elementwise_call(
      context, "interpolate_s16", "interpolate_s16_params",
      {integer("count", context.output().elements()),
       {"table", constant_array(std::span<const std::int16_t>(std::get<InterpolationLaw>(law).table))}},
      1);
}

// ---- two operands

namespace {

// The same numbers as signed bytes, the top bit flipped; as it is where that cannot be.
Encoding as_signed_byte(const Encoding& e) {
  if (e.is_signed() || e.bits() != 8 || !e.is_quantized() || e.is_per_axis()) return e;
  return Encoding::affine(8, true, e.scale(), e.zero_point() - 128);
}

// `flips`: the kernel flips the top bits of unsigned bytes.
BindResult bind_linear_sum(const BindContext& context, Products products, bool flips = false) {
  if (nothing_to_do(context)) return Bound{};
  const auto encoding = [&](const TensorType& type) {
    return flips ? as_signed_byte(type.encoding) : type.encoding;
  };
  const Encoding a = encoding(context.input(0));
  const Encoding b = encoding(context.input(1));
  const Encoding y = encoding(context.output());
  if (form(context) != Form::Int8 || !a.is_signed() || !b.is_signed() || !y.is_signed())
    return Refusal{"not signed 8-bit numbers"};
  if (context.input(0).shape != context.input(1).shape) return Refusal{"the operands broadcast"};
  const BinaryLaw law = binary_law(context.node().op->name(), a, b, y, clamp_of(context));
  const bool saturates = law.range.min == -128 && law.range.max == 127;
  const bool high = products == Products::kHigh;
  if (high && !saturates) return Refusal{"it has bounds"};
  const auto sum = prove_linear_sum(law, a, b, y, products);
  if (!sum) return Refusal{"no linear form equals the sum for all pairs"};
  Bound bound = elementwise_call(
      context,
      high        ? "add_s8_dsp"
      : saturates ? "add_s8"
                  : "add_clamped_s8",
      "add_s8_params",
      {integer("row_elements", row_elements(context.output())), integer("a_multiplier", sum->a_multiplier),
       integer("b_multiplier", sum->b_multiplier), integer("offset", sum->offset),
       integer("low", law.range.min), integer("high", law.range.max)},
      2);
  const std::int64_t rows = row_count(context.output());
  offer_row_ranges(bound.calls[0], rows, rows, rows);
  bound.note = "one linear form, equal for all pairs";
  return bound;
}

}  // namespace

BindResult bind_add_s8_dsp(const BindContext& context) { return bind_linear_sum(context, Products::kHigh); }
BindResult bind_add_s8(const BindContext& context) { return bind_linear_sum(context, Products::kWhole); }

namespace {

// The same sum by another function, which clamps too.
BindResult bind_add_s8_as(const BindContext& context, const std::string& function) {
  BindResult result = bind_add_s8(context);
  if (auto* bound = std::get_if<Bound>(&result); bound && !bound->calls.empty())
    bound->calls[0].function = function;
  return result;
}

}  // namespace

BindResult bind_add_s8_avx2(const BindContext& context) {
  BindResult result = bind_linear_sum(context, Products::kWhole, true);
  auto* bound = std::get_if<Bound>(&result);
  if (!bound || bound->calls.empty()) return result;
  KernelCall& call = bound->calls[0];
  call.function = "add_s8_avx2";
  call.params_type = "add_s8_avx2_params";
  const auto flip = [](const TensorType& type) { return std::int64_t{type.encoding.is_signed() ? 0 : 0x80}; };
  call.params.push_back(integer("a_flip", flip(context.input(0))));
  call.params.push_back(integer("b_flip", flip(context.input(1))));
  call.params.push_back(integer("y_flip", flip(context.output())));
  return result;
}
BindResult bind_add_s8_neon(const BindContext& context) { return bind_add_s8_as(context, "add_s8_neon"); }

BindResult bind_pair_table(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Int8) return Refusal{"not 8-bit numbers"};
  if (context.optimize != Optimize::kSpeed) return Refusal{"a table of 64 KB is for speed alone"};
  if (context.input(0).shape != context.input(1).shape) return Refusal{"the operands broadcast"};
  const Encoding& a = context.input(0).encoding;
  const Encoding& b = context.input(1).encoding;
  const BinaryLaw law =
      binary_law(context.node().op->name(), a, b, context.output().encoding, clamp_of(context));
  std::vector<std::int8_t> table(1U << 16);
  for (auto qa = a.min(); qa <= a.max(); ++qa)
    for (auto qb = b.min(); qb <= b.max(); ++qb)
      table[static_cast<std::size_t>(256 * (qa & 255) + (qb & 255))] =
          static_cast<std::int8_t>(law(static_cast<std::int32_t>(qa), static_cast<std::int32_t>(qb)));
  ConstantArray bytes = constant_array(table);
  bytes.c_type = "uint8_t";
  Bound bound = elementwise_call(
      context, "pair_table", "pair_table_params",
      {integer("row_elements", row_elements(context.output())), {"table", std::move(bytes)}}, 2);
  const std::int64_t rows = row_count(context.output());
  offer_row_ranges(bound.calls[0], rows, rows, rows);
  bound.note = "a table of all pairs";
  return bound;
}

BindResult bind_mul_s8_dsp(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const Encoding& a = context.input(0).encoding;
  const Encoding& b = context.input(1).encoding;
  const Encoding& y = context.output().encoding;
  if (form(context) != Form::Int8 || !a.is_signed() || !b.is_signed() || !y.is_signed())
    return Refusal{"not signed 8-bit numbers"};
  const auto shape = broadcast_of(context);
  if (shape.extents.empty() || shape.a_strides.back() != 1) return Refusal{"the first operand stands still"};
  const BinaryLaw law = binary_law(context.node().op->name(), a, b, y, clamp_of(context));
  if (law.out.shift > -1 || law.out.shift < -22) return Refusal{"no shift to the right of 1 to 22"};
  std::vector<Parameter> params;
  if (!add_broadcast(params, "shape", shape)) return too_many_axes();
  const auto both = [](std::int32_t value) {
    return std::int64_t{static_cast<std::int32_t>((static_cast<std::uint32_t>(value) & 0xffffU) * 0x10001U)};
  };
  const int right = -law.out.shift;
  params.push_back(integer("a_zero", both(-a.zero_point())));
  params.push_back(integer("b_zero", both(-b.zero_point())));
  params.push_back(integer("multiplier", law.out.value));
  params.push_back(integer("shift", right));
  params.push_back(integer(
      "round", (std::int64_t{1} << (right - 1)) + std::int64_t{law.out_zero} * (std::int64_t{1} << right)));
  params.push_back(integer("low", law.range.min));
  params.push_back(integer("high", law.range.max));
  const bool saturates = law.range.min == -128 && law.range.max == 127;
  return elementwise_call(context, saturates ? "mul_s8_dsp" : "mul_clamped_s8_dsp", "mul_s8_dsp_params",
                          std::move(params), 2);
}

BindResult bind_binary_integer(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const Form f = form(context);
  if (f != Form::Int8 && f != Form::Int16) return Refusal{"not quantized"};
  const std::string_view name = context.node().op->name();
  const Encoding& a = context.input(0).encoding;
  const Encoding& b = context.input(1).encoding;
  const Encoding& y = context.output().encoding;
  const BinaryLaw law = binary_law(name, a, b, y, clamp_of(context));
  const bool bytes = f == Form::Int8;
  std::vector<Parameter> params;
  if (!add_broadcast(params, "shape", broadcast_of(context))) return too_many_axes();
  params.push_back(integer("a_flip", bytes ? byte_flip_from_least(a) : 0));
  params.push_back(integer("b_flip", bytes ? byte_flip_from_least(b) : 0));
  params.push_back(integer("a_zero", bytes ? byte_zero_from_least(a) : 0));
  params.push_back(integer("b_zero", bytes ? byte_zero_from_least(b) : 0));
  params.push_back(integer("y_zero", law.out_zero));
  params.push_back(integer("left_shift", law.left_shift));
  add_multiplier(params, "a_", law.a);
  add_multiplier(params, "b_", law.b);
  add_multiplier(params, "y_", law.out);
  add_range(params, law.range, law.out_zero);
  const std::string function = name == PRelu::kName ? "prelu" : snake_case(name);
  return elementwise_call(context, function + (bytes ? "_bytes" : "_s16"), "binary_integer_params",
                          std::move(params), 2);
}

BindResult bind_binary_f32(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Real) return Refusal{"not floats"};
  std::vector<Parameter> params;
  if (!add_broadcast(params, "shape", broadcast_of(context))) return too_many_axes();
  const Clamp clamp = clamp_of(context);
  constexpr float kLargest = std::numeric_limits<float>::max();
  const bool has_high = !std::isinf(clamp.max);
  params.push_back(integer("bounds", has_high ? 2 : std::isinf(clamp.min) ? 0 : 1));
  params.push_back({"low", std::max(clamp.min, -kLargest)});
  params.push_back({"high", std::min(clamp.max, kLargest)});
  const std::string_view name = context.node().op->name();
  const std::string function = name == PRelu::kName ? "prelu" : snake_case(name);
  return elementwise_call(context, function + "_f32", "binary_f32_params", std::move(params), 2);
}

BindResult bind_binary_f32_avx2(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Real) return Refusal{"not floats"};
  if (context.input(0).shape != context.output().shape || context.input(1).shape != context.output().shape)
    return Refusal{"the operands broadcast"};
  const Clamp clamp = clamp_of(context);
  Bound bound = elementwise_call(
      context, snake_case(context.node().op->name()) + "_f32_avx2", "binary_f32_avx2_params",
      {integer("row_elements", row_elements(context.output())), {"low", clamp.min}, {"high", clamp.max}}, 2);
  const std::int64_t rows = row_count(context.output());
  offer_row_ranges(bound.calls[0], rows, rows, rows);
  return bound;
}

BindResult bind_binary_plain(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Plain) return Refusal{"not plain integers"};
  constexpr std::string_view kFunctions[] = {"Add", "Sub", "Mul", "Div", "Minimum", "Maximum", "Pow"};
  const auto* found = std::find(std::begin(kFunctions), std::end(kFunctions), context.node().op->name());
  std::vector<Parameter> params;
  if (!add_broadcast(params, "shape", broadcast_of(context))) return too_many_axes();
  params.push_back(integer("function", found - std::begin(kFunctions)));
  params.push_back(integer("unused", 64 - context.output().encoding.bits()));
  return elementwise_call(context, "binary_plain_" + element_suffix(context.output().encoding),
                          "binary_plain_params", std::move(params), 2);
}

BindResult bind_pow_table(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const Form f = form(context);
  if (f != Form::Int8 && f != Form::Int16) return Refusal{"not quantized"};
  const Tensor* exponent = context.constant(1);
  if (!exponent || exponent->type().elements() != 1) return Refusal{"the exponent is not one constant"};
  if (context.input(0).shape != context.output().shape) return Refusal{"the base is broadcast"};
  return unary_law_call(context, power_law(dequantized(widen(*exponent)).at(0), context.input(0).encoding,
                                           context.output().encoding));
}

// ---- one operand

BindResult bind_unary_integer(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  const Form f = form(context);
  if (f != Form::Int8 && f != Form::Int16) return Refusal{"not quantized"};
  return unary_law_call(
      context, unary_law(*context.node().as<Unary>(), context.input(0).encoding, context.output().encoding));
}

BindResult bind_unary_f32(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Real) return Refusal{"not floats"};
  const auto& op = *context.node().as<Unary>();
  constexpr float kLargest = std::numeric_limits<float>::max();
  return elementwise_call(context, snake_case(op.function) + "_f32", "unary_f32_params",
                          {integer("count", context.output().elements()),
                           {"alpha", std::clamp(op.alpha, -kLargest, kLargest)},
                           {"beta", std::clamp(op.beta, -kLargest, kLargest)}},
                          1);
}

BindResult bind_unary_plain(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  if (form(context) != Form::Plain) return Refusal{"not plain integers"};
  const auto& op = *context.node().as<Unary>();
  const Encoding& e = context.output().encoding;
  auto low = static_cast<double>(e.min());
  auto high = static_cast<double>(e.max());
  std::int64_t function = 0;
  if (op.function == "Abs") function = 1;
  if (op.function == "Neg") function = 2;
  if (op.function == "Sign") function = 3;
  if (op.function == "Square") function = 4;
  if (op.function == "Relu" || op.function == "Relu6") low = 0;
  if (op.function == "Relu6") high = 6;
  if (op.function == "Clip") {
    low = std::clamp<double>(std::ceil(op.alpha), low, high);
    high = std::clamp<double>(std::floor(op.beta), static_cast<double>(e.min()), high);
  }
  return elementwise_call(context, "unary_plain_" + element_suffix(e), "unary_plain_params",
                          {integer("count", context.output().elements()), integer("function", function),
                           integer("unused", 64 - e.bits()), integer("low", static_cast<std::int64_t>(low)),
                           integer("high", static_cast<std::int64_t>(high))},
                          1);
}

BindResult bind_requantize(const BindContext& context) {
  if (nothing_to_do(context)) return Bound{};
  return unary_law_call(context, requantize_law(context.input(0).encoding, context.output().encoding));
}

}  // namespace mote
