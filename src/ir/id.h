// Strong ids: a NodeId cannot be passed where a ValueId is wanted.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace mote {

template <class Tag>
struct Id {
  static constexpr std::uint32_t kNone = 0xffffffffU;
  std::uint32_t index = kNone;
  constexpr bool valid() const { return index != kNone; }
  constexpr auto operator<=>(const Id&) const = default;
};

using NodeId = Id<struct NodeTag>;
using ValueId = Id<struct ValueTag>;  // an invalid ValueId stands for an absent optional input

}  // namespace mote
