// ONNX files made byte by byte, for tests of the reader: independent of the generated classes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace mote::testing {

// One protobuf message under construction (protobuf encoding: base-128 varints, length-delimited parts).
class Message {
 public:
  Message& integer(int field, std::int64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Message& text(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& part) { return text(field, part.bytes_); }
  Message& real(int field, float value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 5);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

constexpr int kFloat = 1, kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt64 = 7, kString = 8;

template <class T>
Message onnx_tensor(std::string_view name, int element, const std::vector<std::int64_t>& shape,
                    const std::vector<T>& values) {
  Message tensor;
  for (const std::int64_t extent : shape) tensor.integer(1, extent);
  std::string raw(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(raw.data(), values.data(), raw.size());
  return tensor.integer(2, element).text(8, name).text(9, raw);
}

// A node; attributes are added with the functions below.
struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs, outputs;
  std::vector<Message> attributes = {};
  std::string domain = {};

  OnnxNode& integers(std::string_view name, const std::vector<std::int64_t>& values) {
    Message a;
    a.text(1, name).integer(20, 7);
    for (const std::int64_t v : values) a.integer(8, v);
    attributes.push_back(a);
    return *this;
  }
  OnnxNode& integer(std::string_view name, std::int64_t value) {
    attributes.push_back(Message().text(1, name).integer(3, value).integer(20, 2));
    return *this;
  }
  OnnxNode& real(std::string_view name, float value) {
    attributes.push_back(Message().text(1, name).real(2, value).integer(20, 1));
    return *this;
  }
  OnnxNode& text(std::string_view name, std::string_view value) {
    attributes.push_back(Message().text(1, name).text(4, value).integer(20, 3));
    return *this;
  }
  Message message() const {
    Message node;
    for (const auto& name : inputs) node.text(1, name);
    for (const auto& name : outputs) node.text(2, name);
    node.text(3, "the_" + op).text(4, op);
    for (const auto& a : attributes) node.message(5, a);
    if (!domain.empty()) node.text(7, domain);
    return node;
  }
};

struct OnnxModel {
  std::int64_t opset = 13;
  std::vector<OnnxNode> nodes = {};
  std::vector<Message> initializers = {};
  std::vector<Message> inputs = {};
  std::vector<std::string> outputs = {};

  // A graph input; an extent below 0 is symbolic.
  OnnxModel& input(std::string_view name, int element, const std::vector<std::int64_t>& shape) {
    Message dims;
    for (const std::int64_t extent : shape)
      dims.message(1, extent < 0 ? Message().text(2, "batch") : Message().integer(1, extent));
    const Message tensor = Message().integer(1, element).message(2, dims);
    inputs.push_back(Message().text(1, name).message(2, Message().message(1, tensor)));
    return *this;
  }
  template <class T>
  OnnxModel& constant(std::string_view name, int element, const std::vector<std::int64_t>& shape,
                      const std::vector<T>& values) {
    initializers.push_back(onnx_tensor(name, element, shape, values));
    return *this;
  }
  std::vector<std::byte> bytes() const {
    Message graph;
    for (const auto& n : nodes) graph.message(1, n.message());
    graph.text(2, "test");
    for (const auto& t : initializers) graph.message(5, t);
    for (const auto& i : inputs) graph.message(11, i);
    for (const auto& name : outputs) graph.message(12, Message().text(1, name));
    const Message model =
        Message().integer(1, 8).message(7, graph).message(8, Message().text(1, "").integer(2, opset));
    const auto* data = reinterpret_cast<const std::byte*>(model.bytes().data());
    return {data, data + model.bytes().size()};
  }
};

}  // namespace mote::testing
