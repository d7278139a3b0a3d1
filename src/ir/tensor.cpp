#include "ir/tensor.h"

#include <cstring>

#include "base/error.h"

namespace mote {

namespace {

// Calls visit with a value of the container's C++ type.
template <class Visit>
void with_container(const Encoding& e, const Visit& visit) {
  switch (e.container_bytes() * (e.is_signed() ? 1 : -1)) {
    case 1: return visit(std::int8_t{});
    case -1: return visit(std::uint8_t{});
    case 2: return visit(std::int16_t{});
    case -2: return visit(std::uint16_t{});
    case 4: return visit(std::int32_t{});
    default: return visit(std::uint32_t{});
  }
}

}  // namespace

Tensor::Tensor(TensorType type, std::vector<std::byte> bytes)
    : type_(std::move(type)), bytes_(std::make_shared<const std::vector<std::byte>>(std::move(bytes))) {
  MOTE_CHECK(static_cast<std::int64_t>(bytes_->size()) == type_.bytes(), to_string(type_));
}

Tensor Tensor::reals(Shape shape, const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(float));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return {TensorType{std::move(shape), Encoding::real(), {}}, std::move(bytes)};
}

Tensor Tensor::integers(TensorType type, const std::vector<std::int64_t>& values) {
  Array array;
  array.type = std::move(type);
  array.integer = values;
  return narrow(array);
}

Tensor Tensor::zeros(TensorType type) {
  const auto count = static_cast<std::size_t>(type.bytes());
  return {std::move(type), std::vector<std::byte>(count)};
}

std::span<const float> Tensor::floats() const {
  MOTE_CHECK(type_.encoding.is_real());
  return {reinterpret_cast<const float*>(bytes_->data()), bytes_->size() / sizeof(float)};
}

double Tensor::real_at(std::int64_t index) const { return floats()[static_cast<std::size_t>(index)]; }

std::int64_t Tensor::integer_at(std::int64_t index) const {
  MOTE_CHECK(type_.encoding.is_integer() && index >= 0 && index < type_.elements());
  std::int64_t result = 0;
  with_container(type_.encoding, [&](auto element) {
    std::memcpy(&element, bytes_->data() + static_cast<std::size_t>(index) * sizeof(element),
                sizeof(element));
    result = element;
  });
  return result;
}

Tensor Tensor::with_type(TensorType type) const {
  MOTE_CHECK(type.elements() == type_.elements() &&
             type.encoding.container_bytes() == type_.encoding.container_bytes());
  Tensor other = *this;
  other.type_ = std::move(type);
  return other;
}

bool Tensor::operator==(const Tensor& other) const {
  return type_ == other.type_ && (bytes_ == other.bytes_ || *bytes_ == *other.bytes_);
}

Array::Array(TensorType t) : type(std::move(t)) {
  const auto count = static_cast<std::size_t>(type.elements());
  if (type.encoding.is_real())
    real.resize(count);
  else
    integer.resize(count);
}

Array widen(const Tensor& tensor) {
  Array array(tensor.type());
  if (tensor.type().encoding.is_real()) {
    const auto values = tensor.floats();
    array.real.assign(values.begin(), values.end());
    return array;
  }
  with_container(tensor.type().encoding, [&](auto element) {
    const std::byte* source = tensor.bytes().data();
    for (auto& value : array.integer) {
      std::memcpy(&element, source, sizeof(element));
      source += sizeof(element);
      value = element;
    }
  });
  return array;
}

Tensor narrow(const Array& array) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(array.type.bytes()));
  std::byte* target = bytes.data();
  if (array.type.encoding.is_real()) {
    MOTE_CHECK(static_cast<std::int64_t>(array.real.size()) == array.size());
    for (const double value : array.real) {
      const auto element = static_cast<float>(value);
      std::memcpy(target, &element, sizeof(element));
      target += sizeof(element);
    }
  } else {
    MOTE_CHECK(static_cast<std::int64_t>(array.integer.size()) == array.size());
    const Encoding& e = array.type.encoding;
    const std::int64_t low = e.min();
    const std::int64_t high = e.max();
    with_container(array.type.encoding, [&](auto element) {
      for (const std::int64_t value : array.integer) {
        MOTE_CHECK(value >= low && value <= high && (!e.has_levels() || e.allows(value)),
                   std::to_string(value) + " in " + to_string(array.type));
        element = static_cast<decltype(element)>(value);
        std::memcpy(target, &element, sizeof(element));
        target += sizeof(element);
      }
    });
  }
  return {array.type, std::move(bytes)};
}

std::int64_t axis_index(const Shape& shape, int axis, std::int64_t index) {
  std::int64_t inner = 1;
  for (std::size_t i = static_cast<std::size_t>(axis) + 1; i < shape.size(); ++i) inner *= shape[i];
  return index / inner % shape.at(static_cast<std::size_t>(axis));
}

std::vector<double> dequantized(const Array& array) {
  const Encoding& e = array.type.encoding;
  if (e.is_real()) return array.real;
  std::vector<double> values(array.integer.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(array.integer[i]);
    if (!e.is_quantized()) continue;
    const std::size_t channel =
        e.is_per_axis() ? static_cast<std::size_t>(axis_index(array.type.shape, e.quantization().axis,
                                                              static_cast<std::int64_t>(i)))
                        : 0;
    values[i] = (values[i] - e.zero_point(channel)) * static_cast<double>(e.scale(channel));
  }
  return values;
}

}  // namespace mote
