#include <bit>

#include "base/hash.h"
#include "ir/graph.h"

namespace mote {

namespace {

// Lengths go in before contents and each field kind has its own tag, so that no two different graphs feed the
// same bytes.
void add(Hash64& hash, const FieldValue& value) {
  hash.number(value.index());
  if (const auto* flag = std::get_if<bool>(&value)) hash.number(*flag ? 1 : 0);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) hash.number(static_cast<std::uint64_t>(*whole));
  if (const auto* real = std::get_if<double>(&value)) hash.number(std::bit_cast<std::uint64_t>(*real));
  if (const auto* text = std::get_if<std::string>(&value)) hash.text(*text);
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
    hash.number(list->size());
    for (const std::int64_t item : *list) hash.number(static_cast<std::uint64_t>(item));
  }
}

void add(Hash64& hash, const TensorType& type) {
  hash.number(type.shape.size());
  for (const std::int64_t extent : type.shape) hash.number(static_cast<std::uint64_t>(extent));
  const Encoding& e = type.encoding;
  const int kind = e.is_real() ? 0 : e.bits() + (e.has_levels() ? 256 : 0);
  hash.number(static_cast<std::uint64_t>(kind));
  if (e.has_levels()) hash.number(e.levels().size());
  for (const std::int16_t level : e.levels())
    hash.number(static_cast<std::uint64_t>(static_cast<std::int64_t>(level)));
  hash.number(type.encoding.is_signed() ? 1 : 0);
  hash.number(type.encoding.is_quantized() ? 1 : 0);
  if (type.encoding.is_quantized()) {
    const Quantization& q = type.encoding.quantization();
    hash.number(static_cast<std::uint64_t>(static_cast<std::int64_t>(q.axis)));
    hash.number(q.scales.size());
    for (const float scale : q.scales) hash.number(std::bit_cast<std::uint32_t>(scale));
    for (const std::int32_t zero : q.zero_points)
      hash.number(static_cast<std::uint64_t>(static_cast<std::int64_t>(zero)));
  }
  hash.number(static_cast<std::uint64_t>(type.sparsity.kind));
  hash.number(static_cast<std::uint64_t>(type.sparsity.first));
  hash.number(static_cast<std::uint64_t>(type.sparsity.second));
}

void add(Hash64& hash, std::span<const ValueId> ids) {
  hash.number(ids.size());
  for (const ValueId id : ids) hash.number(id.index);
}

}  // namespace

std::uint64_t Graph::hash() const {
  Hash64 hash;
  hash.text(name());
  hash.number(nodes().size());
  for (const Node& node : nodes()) {
    hash.text(node.op->name());
    const Fields fields = node.op->fields();
    hash.number(fields.size());
    for (const auto& [key, value] : fields) {
      hash.text(key);
      add(hash, value);
    }
    add(hash, node.inputs);
    add(hash, node.outputs);
    hash.text(node.name);
  }
  hash.number(values().size());
  for (const Value& value : values()) {
    hash.text(value.name);
    add(hash, value.type);
    hash.number(value.constant ? 1 : 0);
    if (value.constant) hash.bytes(value.constant->bytes());
  }
  add(hash, inputs());
  add(hash, outputs());
  return hash.value();
}

}  // namespace mote
