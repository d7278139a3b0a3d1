// Portable kernels of MatMul.
#include "ops/mat_mul.h"
#include "plan/convolution.h"

namespace mote {

namespace {

// Elements from one matrix to the next along each of four leading axes of the output; 0 where the operand is
// broadcast.
std::vector<std::int64_t> batch_steps(const Shape& operand) {
  std::vector<std::int64_t> steps(4, 0);
  std::int64_t step = operand[operand.size() - 2] * operand[operand.size() - 1];
  for (std::size_t i = 0; i + 2 < operand.size(); ++i) {
    const std::int64_t extent = operand[operand.size() - 3 - i];
    if (extent > 1) steps[3 - i] = step;
    step *= extent;
  }
  return steps;
}

// Members of mote_mat_mul_extents, which stands under `prefix`.
void add_extents(std::vector<Parameter>& params, const BindContext& context, const MatMul& op,
                 const std::string& prefix) {
  const Shape& a = context.input(0).shape;
  const Shape& b = context.input(1).shape;
  const Shape& y = context.output().shape;
  std::vector<std::int64_t> batch(4, 1);
  for (std::size_t i = 0; i + 2 < y.size(); ++i) batch[3 - i] = y[y.size() - 3 - i];
  params.push_back({prefix + "batch", batch});
  params.push_back({prefix + "a_batch", batch_steps(a)});
  params.push_back({prefix + "b_batch", batch_steps(b)});
  params.push_back({prefix + "m", y[y.size() - 2]});
  params.push_back({prefix + "n", y.back()});
  params.push_back({prefix + "k", a[a.size() - (op.transpose_a ? 2 : 1)]});
  params.push_back({prefix + "a_row", op.transpose_a ? 1 : a.back()});
  params.push_back({prefix + "a_depth", op.transpose_a ? a.back() : 1});
  params.push_back({prefix + "b_column", op.transpose_b ? b.back() : 1});
  params.push_back({prefix + "b_depth", op.transpose_b ? 1 : b.back()});
}

void add_output(std::vector<Parameter>& params, const OutputStage& stage) {
  params.push_back({"low", std::int64_t{stage.range.min} - stage.zero_point});
  params.push_back({"high", std::int64_t{stage.range.max} - stage.zero_point});
  params.push_back({"multiplier", std::int64_t{stage.multipliers[0].value}});
  params.push_back({"shift", std::int64_t{stage.multipliers[0].shift}});
}

void add_bytes(std::vector<Parameter>& params, const BindContext& context) {
  const Encoding& a = context.input(0).encoding;
  const Encoding& b = context.input(1).encoding;
  params.push_back({"a_flip", byte_flip(a)});
  params.push_back({"b_flip", byte_flip(b)});
  params.push_back({"a_zero", byte_zero(a)});
  params.push_back({"b_zero", byte_zero(b)});
}

bool is_plain_word(const Encoding& e) { return e.is_integer() && e.bits() == 32 && !e.is_quantized(); }

}  // namespace

BindResult bind_mat_mul(const BindContext& context) {
  const auto& op = *context.node().as<MatMul>();
  KernelCall call{"mat_mul_word",        "mote_mat_mul_extents", {},
                  context.node().inputs, context.node().outputs, 0};
  if (is_plain_word(context.input(0).encoding) && is_plain_word(context.output().encoding)) {
    add_extents(call.params, context, op, "");
    return Bound{{std::move(call)}, {}, {}};
  }
  add_extents(call.params, context, op, "extents.");
  const AccumulationTypes types{context.input(0), context.input(1), nullptr, context.output()};
  const Shape& a = types.x.shape;
  const Accumulation form = accumulation_form(MatMul::kRule, types, a[a.size() - (op.transpose_a ? 2 : 1)]);
  const OutputStage stage = output_stage(MatMul::kRule, types, form, {op.clamp_min, op.clamp_max});
  switch (form) {
    case Accumulation::Real:
      call.function = "mat_mul_f32";
      call.params_type = "mat_mul_f32_params";
      call.params.push_back({"low", op.clamp_min});
      call.params.push_back({"high", op.clamp_max});
      break;
    case Accumulation::Int16:
      call.function = "mat_mul_s16";
      call.params_type = "mat_mul_s16_params";
      add_output(call.params, stage);
      break;
    case Accumulation::Sum:
      call.function = "mat_mul_s8_s32";
      call.params_type = "mat_mul_s8_params";
      add_bytes(call.params, context);
      break;
    case Accumulation::Int8:
      call.function = "mat_mul_s8";
      call.params_type = "mat_mul_s8_params";
      add_bytes(call.params, context);
      add_output(call.params, stage);
      call.params.push_back({"y_flip", byte_flip(types.y.encoding)});
      call.params.push_back({"y_zero", stage.zero_point - byte_flip(types.y.encoding)});
      break;
  }
  return Bound{{std::move(call)}, {}, {}};
}

}  // namespace mote
