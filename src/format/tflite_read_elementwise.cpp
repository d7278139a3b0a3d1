// Operators on elements, and changes of encoding.
#include "format/tflite_import.h"
#include "format/tflite_table.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/dequantize.h"
#include "ops/prelu.h"
#include "ops/quantize.h"
#include "ops/requantize.h"
#include "ops/softmax.h"
#include "ops/unary.h"

namespace mote::tflite {

namespace {

void read_arithmetic(Call& call, std::string_view function, Activation activation) {
  const auto op = make<Binary>([&](Binary& o) {
    o.function = function;
    set_activation(call, activation, o);
  });
  call.finish(call.emit(op, {call.input(0), call.input(1)}, call.output_encoding()));
}

void emit_unary(Call& call, std::string_view function, float alpha, float beta) {
  const auto op = make<Unary>([&](Unary& o) {
    o.function = function;
    o.alpha = alpha;
    o.beta = beta;
  });
  call.finish(call.emit(op, {call.input(0)}, call.output_encoding()));
}

void emit_softmax(Call& call, std::string_view function, float beta) {
  const ValueId x = call.input(0);
  const auto op = make<Softmax>([&](Softmax& o) {
    o.function = function;
    o.axis = normalized_axis(call, -1, call.shape(x).size());
    o.beta = beta;
  });
  call.finish(call.emit(op, {x}, call.output_encoding()));
}

}  // namespace

void read_add(Call& call, std::string_view) {
  read_arithmetic(call, "Add", call.options<AddOptions>().activation());
}
void read_sub(Call& call, std::string_view) {
  read_arithmetic(call, "Sub", call.options<SubOptions>().activation());
}
void read_mul(Call& call, std::string_view) {
  read_arithmetic(call, "Mul", call.options<MulOptions>().activation());
}
void read_div(Call& call, std::string_view) {
  read_arithmetic(call, "Div", call.options<DivOptions>().activation());
}
void read_binary(Call& call, std::string_view function) { read_arithmetic(call, function, Activation::NONE); }

void read_squared_difference(Call& call, std::string_view) {
  if (!call.output_encoding().is_real())
    call.refuse("it is quantized, only the real form is supported", "keep this operator in float");
  const auto difference = make<Binary>([](Binary& o) { o.function = "Sub"; });
  const auto square = make<Unary>([](Unary& o) { o.function = "Square"; });
  call.finish(call.emit(square, {call.emit(difference, {call.input(0), call.input(1)})}));
}

void read_unary(Call& call, std::string_view function) { emit_unary(call, function, 0, 0); }
void read_leaky_relu(Call& call, std::string_view) {
  emit_unary(call, "LeakyRelu", call.options<LeakyReluOptions>().alpha(), 0);
}
void read_relu_n1_to_1(Call& call, std::string_view) { emit_unary(call, "Clip", -1, 1); }
void read_relu_0_to_1(Call& call, std::string_view) { emit_unary(call, "Clip", 0, 1); }
void read_elu(Call& call, std::string_view) { emit_unary(call, "Elu", 1, 0); }
void read_gelu(Call& call, std::string_view) {
  emit_unary(call, "Gelu", 0, call.options<GeluOptions>().approximate() ? 1 : 0);
}

void read_prelu(Call& call, std::string_view) {
  call.finish(call.emit(std::make_shared<PRelu>(), {call.input(0), call.input(1)}, call.output_encoding()));
}

void read_softmax(Call& call, std::string_view) {
  emit_softmax(call, "Softmax", call.options<SoftmaxOptions>().beta());
}
void read_log_softmax(Call& call, std::string_view) { emit_softmax(call, "LogSoftmax", 1); }

void read_quantize(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  const Encoding encoding = call.output_encoding();
  if (!encoding.is_quantized()) call.refuse("its output has no scale");
  if (call.type(x).encoding.is_real())
    return call.finish(call.emit(std::make_shared<Quantize>(), {x}, encoding));
  call.finish(call.recode(x, encoding));
}

void read_dequantize(Call& call, std::string_view) {
  const ValueId x = call.input(0);
  // constants are real already: Call::input dequantizes them, and float16 is widened on reading
  if (call.type(x).encoding.is_real()) return call.finish(x);
  call.finish(call.emit(std::make_shared<Dequantize>(), {x}));
}

void read_cast(Call& call, std::string_view) {
  const Encoding to = call.output_encoding();
  const auto op =
      make<Cast>([&](Cast& o) { o.to = to.is_integer() && to.bits() == 1 ? "bool" : to_string(to); });
  call.finish(call.emit(op, {call.input(0)}));
}

}  // namespace mote::tflite
