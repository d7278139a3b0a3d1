#include "tests/format/tflite_writer.h"

#include <flatbuffers/flatbuffers.h>

namespace mote::test {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::voffset_t;

constexpr voffset_t field(int id) { return static_cast<voffset_t>(4 + 2 * id); }

struct Anything {};

Offset<Anything> write_quantization(FlatBufferBuilder& b, const TfliteTensor& t) {
  const auto scales = b.CreateVector(t.scales);
  const auto zeros = b.CreateVector(t.zero_points);
  const auto start = b.StartTable();
  b.AddOffset(field(2), scales);
  b.AddOffset(field(3), zeros);
  b.AddElement<std::int32_t>(field(6), t.axis, 0);
  return b.EndTable(start);
}

Offset<Anything> write_tensor(FlatBufferBuilder& b, const TfliteTensor& t, std::uint32_t buffer,
                              const std::string& name) {
  const auto shape = b.CreateVector(t.shape);
  const auto text = b.CreateString(name);
  Offset<Anything> quantization;
  if (!t.scales.empty()) quantization = write_quantization(b, t);
  const auto signature =
      t.signature.empty() ? Offset<flatbuffers::Vector<std::int32_t>>() : b.CreateVector(t.signature);
  const auto start = b.StartTable();
  b.AddOffset(field(0), shape);
  b.AddElement<std::int8_t>(field(1), t.type, 0);
  b.AddElement<std::uint32_t>(field(2), buffer, 0);
  b.AddOffset(field(3), text);
  if (!quantization.IsNull()) b.AddOffset(field(4), quantization);
  b.AddElement<std::uint8_t>(field(5), t.is_variable ? 1 : 0, 0);
  if (!signature.IsNull()) b.AddOffset(field(7), signature);
  return b.EndTable(start);
}

Offset<Anything> write_options(FlatBufferBuilder& b, const std::vector<TfliteField>& fields) {
  std::vector<Offset<flatbuffers::Vector<std::int32_t>>> lists;
  for (const TfliteField& f : fields)
    if (const auto* list = std::get_if<std::vector<std::int32_t>>(&f.value))
      lists.push_back(b.CreateVector(*list));
  const auto start = b.StartTable();
  std::size_t next_list = 0;
  for (const TfliteField& f : fields) {
    if (const auto* v = std::get_if<std::int8_t>(&f.value)) b.AddElement(field(f.id), *v);
    if (const auto* v = std::get_if<std::int32_t>(&f.value)) b.AddElement(field(f.id), *v);
    if (const auto* v = std::get_if<float>(&f.value)) b.AddElement(field(f.id), *v);
    if (std::holds_alternative<std::vector<std::int32_t>>(f.value))
      b.AddOffset(field(f.id), lists[next_list++]);
  }
  return b.EndTable(start);
}

Offset<Anything> write_operator(FlatBufferBuilder& b, const TfliteOperator& op, std::uint32_t code_index) {
  const auto inputs = b.CreateVector(op.inputs);
  const auto outputs = b.CreateVector(op.outputs);
  Offset<Anything> options;
  if (op.options_type != 0) options = write_options(b, op.options);
  const auto start = b.StartTable();
  b.AddElement<std::uint32_t>(field(0), code_index, 0);
  b.AddOffset(field(1), inputs);
  b.AddOffset(field(2), outputs);
  if (op.options_type != 0) {
    b.AddElement<std::uint8_t>(field(3), static_cast<std::uint8_t>(op.options_type), 0);
    b.AddOffset(field(4), options);
  }
  return b.EndTable(start);
}

Offset<Anything> write_code(FlatBufferBuilder& b, const TfliteOperator& op, bool only_deprecated) {
  Offset<flatbuffers::String> custom;
  if (!op.custom_name.empty()) custom = b.CreateString(op.custom_name);
  const auto start = b.StartTable();
  b.AddElement<std::int8_t>(field(0), static_cast<std::int8_t>(std::min(op.code, 127)), 0);
  if (!custom.IsNull()) b.AddOffset(field(1), custom);
  if (!only_deprecated) b.AddElement<std::int32_t>(field(3), op.code, 0);
  return b.EndTable(start);
}

Offset<Anything> write_buffer(FlatBufferBuilder& b, const std::vector<std::uint8_t>& data) {
  b.ForceVectorAlignment(data.size(), 1, 16);
  const auto bytes = b.CreateVector(data);
  const auto start = b.StartTable();
  if (!data.empty()) b.AddOffset(field(0), bytes);
  return b.EndTable(start);
}

}  // namespace

std::vector<std::byte> write_tflite(const TfliteFile& file) {
  FlatBufferBuilder b;
  std::vector<Offset<Anything>> tensors, operators, codes, buffers{write_buffer(b, {})};
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    const TfliteTensor& t = file.tensors[i];
    if (!t.data.empty()) buffers.push_back(write_buffer(b, t.data));
    tensors.push_back(write_tensor(b, t, t.data.empty() ? 0 : static_cast<std::uint32_t>(buffers.size() - 1),
                                   "t" + std::to_string(i)));
  }
  for (std::size_t i = 0; i < file.operators.size(); ++i) {
    operators.push_back(write_operator(b, file.operators[i], static_cast<std::uint32_t>(i)));
    codes.push_back(write_code(b, file.operators[i], file.only_deprecated_codes));
  }
  const auto tensor_list = b.CreateVector(tensors);
  const auto input_list = b.CreateVector(file.inputs);
  const auto output_list = b.CreateVector(file.outputs);
  const auto operator_list = b.CreateVector(operators);
  auto start = b.StartTable();
  b.AddOffset(field(0), tensor_list);
  b.AddOffset(field(1), input_list);
  b.AddOffset(field(2), output_list);
  b.AddOffset(field(3), operator_list);
  const Offset<Anything> subgraph(b.EndTable(start));
  const auto subgraphs = b.CreateVector(std::vector{subgraph});
  const auto code_list = b.CreateVector(codes);
  const auto buffer_list = b.CreateVector(buffers);
  start = b.StartTable();
  b.AddElement<std::uint32_t>(field(0), file.version, 0);
  b.AddOffset(field(1), code_list);
  b.AddOffset(field(2), subgraphs);
  b.AddOffset(field(4), buffer_list);
  b.Finish(Offset<Anything>(b.EndTable(start)), "TFL3");
  const auto* begin = reinterpret_cast<const std::byte*>(b.GetBufferPointer());
  return {begin, begin + b.GetSize()};
}

TfliteTensor index_tensor(const std::vector<std::int32_t>& values) {
  return {.shape = {static_cast<std::int32_t>(values.size())}, .type = kInt32, .data = bytes_of(values)};
}

TfliteTensor real_tensor(std::vector<std::int32_t> shape, const std::vector<float>& values) {
  return {.shape = std::move(shape), .type = kFloat32, .data = bytes_of(values)};
}

}  // namespace mote::test
