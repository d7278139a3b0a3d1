#include "format/tflite_tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/half.h"
#include "base/text.h"

namespace mote::tflite {

namespace {

[[noreturn]] void refuse(const Tensor& tensor, const std::string& why, const std::string& remedy) {
  const std::string name =
      tensor.name() ? "tensor '" + tensor.name()->str() + "'" : "a tensor without a name";
  throw UserError({"a tensor of the model cannot be read", name, why, remedy});
}

const char* const kRepair = "repair or re-export the model";

bool is_open(const Tensor& tensor, std::size_t axis) {
  const auto index = static_cast<unsigned>(axis);
  const auto* signature = tensor.shape_signature();
  return tensor.shape()->Get(index) == -1 ||
         (signature && axis < signature->size() && signature->Get(index) == -1);
}

Shape tensor_shape(const Tensor& tensor) {
  Shape shape;
  if (tensor.shape()) shape.assign(tensor.shape()->begin(), tensor.shape()->end());
  if (shape.size() > 16) refuse(tensor, "it has " + std::to_string(shape.size()) + " axes", kRepair);
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == -1 || (i == 0 && is_open(tensor, i))) shape[i] = 1;
  // empty lists are common, empty images are not; their other extents would be bounded by nothing
  if (shape.size() > 1 && std::find(shape.begin(), shape.end(), 0) != shape.end())
    refuse(tensor, "its shape " + to_string(shape) + " holds no element", kRepair);
  element_count(shape);  // throws for impossible extents
  return shape;
}

struct Element {
  int bits;  // 0: real
  bool is_signed;
  std::size_t file_bits;
};

Element element_of(const Tensor& tensor) {
  switch (tensor.type()) {
    case ElementType::FLOAT32: return {0, true, 32};
    case ElementType::FLOAT16: return {0, true, 16};
    case ElementType::FLOAT64: return {0, true, 64};
    case ElementType::INT4: return {4, true, 4};
    case ElementType::INT8: return {8, true, 8};
    case ElementType::UINT8: return {8, false, 8};
    case ElementType::INT16: return {16, true, 16};
    case ElementType::UINT16: return {16, false, 16};
    case ElementType::INT32: return {32, true, 32};
    case ElementType::INT64: return {32, true, 64};
    case ElementType::BOOL: return {1, false, 8};
    default: break;
  }
  const char* name = EnumNameElementType(tensor.type());
  refuse(tensor, "its element type is " + std::string(*name ? name : "unknown"),
         "use real or integer tensors of at most 32 bits");
}

template <class T>
T load(std::span<const std::byte> data, std::size_t index) {
  T value;
  std::memcpy(&value, data.data() + index * sizeof(T), sizeof(T));
  return value;
}

// A damaged file may hold 64-bit numbers at odd addresses, which FlatBuffers' own accessor would read in
// place.
std::int64_t zero_point_at(const flatbuffers::Vector<std::int64_t>& list, std::size_t i) {
  return load<std::int64_t>(std::as_bytes(std::span(list.Data(), list.size() * sizeof(std::int64_t))), i);
}

// Scales and zero points of the file, checked; no scales when the integers are plain.
Quantization quantization_of(const Tensor& tensor, const Shape& shape, const Encoding& plain) {
  Quantization q;
  const QuantizationParameters* parameters = tensor.quantization();
  if (!parameters || !parameters->scale() || parameters->scale()->size() == 0) return q;
  if (parameters->details_type() != 0)
    refuse(tensor, "it has a custom quantization", "use affine quantization");
  q.scales.assign(parameters->scale()->begin(), parameters->scale()->end());
  if (q.scales.size() == 1 && q.scales[0] == 0) return {};  // how some writers say "none"
  if (q.scales.size() > 1) {
    q.axis =
        shape.size() == 1 ? 0 : parameters->quantized_dimension();  // biases often carry the filters' axis
    if (q.axis < 0 || q.axis >= static_cast<int>(shape.size()) ||
        shape[static_cast<std::size_t>(q.axis)] != static_cast<std::int64_t>(q.scales.size()))
      refuse(tensor,
             "it has " + std::to_string(q.scales.size()) + " scales for axis " + std::to_string(q.axis) +
                 " of the shape " + to_string(shape),
             kRepair);
  }
  for (const float scale : q.scales)
    if (!(scale > 0) || !std::isfinite(scale))
      refuse(tensor, "it has the scale " + format_float(scale), kRepair);
  const auto* zeros = parameters->zero_point();
  const std::size_t zero_count = zeros ? zeros->size() : 0;
  if (zero_count > 1 && zero_count != q.scales.size())
    refuse(tensor,
           "it has " + std::to_string(zero_count) + " zero points for " + std::to_string(q.scales.size()) +
               " scales",
           kRepair);
  for (std::size_t i = 0; i < q.scales.size(); ++i) {
    const std::int64_t zero = zero_count == 0 ? 0 : zero_point_at(*zeros, zero_count == 1 ? 0 : i);
    if (zero < plain.min() || zero > plain.max())
      refuse(tensor, "its zero point " + std::to_string(zero) + " is outside " + to_string(plain), kRepair);
    q.zero_points.push_back(static_cast<std::int32_t>(zero));
  }
  return q;
}

mote::Tensor real_constant(const Tensor& tensor, Shape shape, std::size_t count,
                           std::span<const std::byte> data) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = tensor.type() == ElementType::FLOAT16 ? half_to_float(load<std::uint16_t>(data, i))
                                                      : static_cast<float>(load<double>(data, i));
  return mote::Tensor::reals(std::move(shape), values);
}

// int64, bool and packed int4
std::int64_t converted_integer(const Tensor& tensor, std::span<const std::byte> data, std::size_t i) {
  if (tensor.type() == ElementType::BOOL) return data[i] != std::byte{0} ? 1 : 0;
  if (tensor.type() == ElementType::INT4) {  // the first of two elements stands in the low half
    const int pair = std::to_integer<int>(data[i / 2]);
    const int nibble = i % 2 == 0 ? pair & 15 : pair >> 4;
    return nibble >= 8 ? nibble - 16 : nibble;
  }
  const auto wide = load<std::int64_t>(data, i);
  if (wide < INT32_MIN || wide > INT32_MAX)
    refuse(tensor,
           "element " + std::to_string(i) + " is " + std::to_string(wide) + ", which does not fit 32 bits",
           "use 32-bit constants; for biases, quantize again with coarser activations");
  return wide;
}

}  // namespace

std::string tensor_name(const Tensor& tensor, std::size_t index) {
  return tensor.name() && tensor.name()->size() > 0 ? tensor.name()->str()
                                                    : "tensor_" + std::to_string(index);
}

TensorType input_type(const Tensor& tensor) {
  TensorType type = tensor_type(tensor);
  for (std::size_t i = 1; i < type.shape.size(); ++i)
    if (is_open(tensor, i))
      refuse(tensor, "extent " + std::to_string(i) + " of its shape is open; only the batch extent may be",
             "export the model with fixed extents");
  return type;
}

TensorType tensor_type(const Tensor& tensor) {
  TensorType type{tensor_shape(tensor), {}, {}};
  const Element element = element_of(tensor);
  if (tensor.sparsity())
    refuse(tensor, "it is stored in a sparse form", "export the model with dense weights");
  if (element.bits == 0) return type;
  type.encoding = Encoding::integer(element.bits, element.is_signed);
  Quantization q = quantization_of(tensor, type.shape, type.encoding);
  if (!q.scales.empty()) type.encoding = type.encoding.with_quantization(std::move(q));
  return type;
}

mote::Tensor constant_tensor(const Tensor& tensor, std::span<const std::byte> data) {
  TensorType type = tensor_type(tensor);
  const auto count = static_cast<std::size_t>(type.elements());
  const std::size_t expected = (count * element_of(tensor).file_bits + 7) / 8;
  if (data.size() != expected)
    refuse(tensor,
           "it holds " + std::to_string(data.size()) + " bytes, its type needs " + std::to_string(expected),
           kRepair);
  switch (tensor.type()) {
    case ElementType::FLOAT16:
    case ElementType::FLOAT64: return real_constant(tensor, type.shape, count, data);
    case ElementType::INT4:
    case ElementType::INT64:
    case ElementType::BOOL: {
      std::vector<std::int64_t> values(count);
      for (std::size_t i = 0; i < count; ++i) values[i] = converted_integer(tensor, data, i);
      return mote::Tensor::integers(std::move(type), values);
    }
    default: return {std::move(type), {data.begin(), data.end()}};
  }
}

mote::Tensor dequantized_constant(const mote::Tensor& tensor) {
  Array array;
  array.type = {tensor.type().shape, Encoding::real(), {}};
  array.real = dequantized(widen(tensor));
  return narrow(array);
}

}  // namespace mote::tflite
