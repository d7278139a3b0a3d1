#include "base/hash.h"

namespace mote {

std::uint32_t fnv1a_32(std::span<const std::byte> bytes) {
  std::uint32_t hash = 2166136261U;
  for (const std::byte b : bytes) hash = (hash ^ static_cast<std::uint32_t>(b)) * 16777619U;
  return hash;
}

Hash64& Hash64::bytes(std::span<const std::byte> data) {
  for (const std::byte b : data) value_ = (value_ ^ static_cast<std::uint64_t>(b)) * 1099511628211ULL;
  return *this;
}

Hash64& Hash64::text(std::string_view data) {
  number(data.size());
  return bytes(std::as_bytes(std::span(data.data(), data.size())));
}

Hash64& Hash64::number(std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8)
    value_ = (value_ ^ ((value >> shift) & 0xffU)) * 1099511628211ULL;
  return *this;
}

}  // namespace mote
