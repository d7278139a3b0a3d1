// Which values stand packed in the arena: 8, 4 or 2 elements of 1, 2 or 4 bits in a byte.
//
// Bit layout: along the last axis, least significant bits first; every row of the last axis is a whole number
// of bytes, so a value's rows and its reshapes are runs of bytes. An element is the low bits of its integer
// (two's complement); of bipolar values bit 1 is +1. Graph inputs and outputs are never packed.
//
// A value is packed when its producer and every consumer take it so. A kernel row does where kernels.inc
// declares it with MOTE_PACKED_KERNEL: its bind function is then asked with BindContext::input_packed() and
// output_packed(), and may refuse. Other rows are run on strips that are unpacked in front of them and packed
// behind them (packed_rows.h).
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "base/target.h"
#include "ir/graph.h"
#include "ir/tensor.h"

namespace mote {

// Bits of an element where the value may be packed, else 0.
int packed_bits(const TensorType& type);

class Packing {
 public:
  Packing() = default;  // nothing is packed
  explicit Packing(const Graph& graph) : packed_(graph.values().size(), false) {}

  bool operator()(ValueId v) const { return v.valid() && v.index < packed_.size() && packed_[v.index]; }
  void set(ValueId v, bool packed) { packed_.at(v.index) = packed; }
  bool any() const { return std::find(packed_.begin(), packed_.end(), true) != packed_.end(); }
  // Of a value in the arena.
  std::int64_t bytes(const Graph& graph, ValueId v) const;

 private:
  std::vector<bool> packed_;
};

// How a node runs with a packing of its operands: by a kernel that reads them so, or on strips.
enum class PackedRun { kNot, kOnStrips, kNatively };
using FindRun = std::function<PackedRun(NodeId, const Packing&)>;

// Starts with every value that may be packed and unpacks values around nodes that cannot run: the outputs,
// the inputs, or all of them. Under speed only values stay packed that some kernel reads or writes natively.
Packing choose_packing(const Graph& graph, Optimize optimize, const FindRun& find_run);

// The bytes of the tensor as they stand in the arena.
std::vector<std::byte> pack(const Tensor& tensor);

}  // namespace mote
