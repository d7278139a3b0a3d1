#include "measure/sample_input.h"

namespace mote {

Bytes sample_bytes(std::uint64_t count, std::uint32_t seed) {
  Bytes bytes(count);
  std::uint32_t x = seed;
  for (std::byte& b : bytes) {
    x = x * 1664525U + 1013904223U;
    b = static_cast<std::byte>(x >> 24);
  }
  return bytes;
}

std::vector<Tensor> sample_inputs(const Graph& graph, std::uint32_t seed) {
  std::vector<Tensor> inputs;
  for (const ValueId v : graph.inputs()) {
    const TensorType& type = graph.type(v);
    const Encoding& e = type.encoding;
    const Bytes bytes = sample_bytes(static_cast<std::uint64_t>(type.elements()), seed);
    Array array(type);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto value = static_cast<std::int8_t>(bytes[i]);
      if (e.is_real())
        array.real[i] = value / 128.0;
      else if (!e.is_quantized())
        array.integer[i] = 0;
      else if (e.has_levels())
        array.integer[i] = e.levels()[static_cast<std::size_t>(value + 128) % e.levels().size()];
      else if (e.bits() <= 8)
        array.integer[i] = e.min() + (value + 128) % (e.max() - e.min() + 1);
      else
        array.integer[i] = value * ((e.max() - e.min()) / 256);
    }
    inputs.push_back(narrow(array));
  }
  return inputs;
}

}  // namespace mote
