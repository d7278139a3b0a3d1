#include "plan/kernel.h"

#include <algorithm>

namespace mote {

namespace {

template <class T>
ConstantArray bytes_of(const char* c_type, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  return {c_type, {bytes.begin(), bytes.end()}};
}

std::string c_type_of(const Encoding& encoding) {
  if (encoding.is_real()) return "float";
  return (encoding.is_signed() ? "int" : "uint") + std::to_string(8 * encoding.container_bytes()) + "_t";
}

}  // namespace

std::int64_t row_count(const TensorType& type) {
  const std::size_t row_axes = type.shape.size() >= 4 ? 2 : 1;
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + row_axes < type.shape.size(); ++i) rows *= type.shape[i];
  return rows;
}

void offer_row_ranges(KernelCall& call, std::int64_t x_rows, std::int64_t x2_rows, std::int64_t y_rows) {
  call.row_ranges = true;
  call.params.push_back({"x_slots", x_rows});
  if (x2_rows != 0) call.params.push_back({"x2_slots", x2_rows});
  call.params.push_back({"y_slots", y_rows});
}

bool is_member(const Parameter& parameter, std::string_view name) {
  return parameter.name == name || parameter.name.ends_with("." + std::string(name));
}

std::int64_t row_slots(const KernelCall& call, std::string_view name) {
  for (const Parameter& p : call.params)
    if (is_member(p, name)) return std::get<std::int64_t>(p.value);
  MOTE_CHECK(false, call.function + " has no parameter " + std::string(name));
}

std::int64_t range_rows(const KernelCall& call) {
  return row_slots(call, call.input_rows ? "x_slots" : "y_slots");
}

bool BindContext::any_packed() const {
  if (!packing) return false;
  const auto any = [&](const std::vector<ValueId>& values) {
    return std::any_of(values.begin(), values.end(), *packing);
  };
  return any(node().inputs) || any(node().outputs);
}

ConstantArray constant_array(const Tensor& tensor) {
  return {c_type_of(tensor.type().encoding), {tensor.bytes().begin(), tensor.bytes().end()}};
}

ConstantArray constant_array(std::span<const std::int8_t> values) { return bytes_of("int8_t", values); }
ConstantArray constant_array(std::span<const std::int16_t> values) { return bytes_of("int16_t", values); }
ConstantArray constant_array(std::span<const std::int32_t> values) { return bytes_of("int32_t", values); }
ConstantArray constant_array(std::span<const float> values) { return bytes_of("float", values); }

}  // namespace mote
