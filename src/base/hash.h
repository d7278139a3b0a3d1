// FNV-1a hashes: 32 bits for layer outputs (the form of published golden files), 64 bits for content
// identity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mote {

std::uint32_t fnv1a_32(std::span<const std::byte> bytes);

class Hash64 {
 public:
  Hash64& bytes(std::span<const std::byte> data);
  Hash64& text(std::string_view data);  // length first, so that ("ab","c") differs from ("a","bc")
  Hash64& number(std::uint64_t value);
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037ULL;
};

}  // namespace mote
