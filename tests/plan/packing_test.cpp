#include "plan/packing.h"

#include <gtest/gtest.h>

#include "ir/patch.h"
#include "ops/reshape.h"
#include "ops/unary.h"

namespace mote {
namespace {

TensorType u4(Shape shape) { return {std::move(shape), Encoding::affine(4, false, 0.1F, 0), {}}; }

ValueId relu(Patch& patch, ValueId x, const TensorType& type) {
  auto op = std::make_shared<Unary>();
  op->function = "Relu";
  return patch.add_node(op, {x}, {type})[0];
}

TEST(PackedBits, NeedWholeBytesInTheLastAxis) {
  EXPECT_EQ(packed_bits(u4({3, 6})), 4);
  EXPECT_EQ(packed_bits(u4({6, 3})), 0);
  EXPECT_EQ(packed_bits({{8}, Encoding::bipolar(1), {}}), 1);
  EXPECT_EQ(packed_bits({{12}, Encoding::bipolar(1), {}}), 0);
  EXPECT_EQ(packed_bits({{12}, Encoding::affine(2, true, 1, 0), {}}), 2);
  EXPECT_EQ(packed_bits({{8}, Encoding::affine(3, true, 1, 0), {}}), 0);
  EXPECT_EQ(packed_bits({{8}, Encoding::affine(8, true, 1, 0), {}}), 0);
  EXPECT_EQ(packed_bits({{8}, Encoding::real(), {}}), 0);
}

TEST(Pack, PutsTheFirstElementIntoTheLowBits) {
  const auto bytes = [](const Encoding& e, const std::vector<std::int64_t>& values) {
    return pack(Tensor::integers({{static_cast<std::int64_t>(values.size())}, e, {}}, values));
  };
  EXPECT_EQ(bytes(Encoding::affine(4, false, 1, 0), {1, 15}), std::vector<std::byte>{std::byte{0xf1}});
  EXPECT_EQ(bytes(Encoding::affine(2, true, 1, 0), {1, -1, -2, 0}), std::vector<std::byte>{std::byte{0x2d}});
  EXPECT_EQ(bytes(Encoding::bipolar(1), {1, -1, -1, 1, 1, 1, -1, -1}),
            std::vector<std::byte>{std::byte{0x39}});
}

// x -> a -> b (another shape) -> c -> y; inputs and outputs of the graph are bytes.
struct Chain {
  Graph graph;
  ValueId x, a, b, c, y;
};

Chain make_chain() {
  Patch patch;
  const ValueId x = patch.add_input("x", u4({2, 8}));
  const ValueId a = relu(patch, x, u4({2, 8}));
  auto reshape = std::make_shared<Reshape>();
  reshape->shape = {16};
  const ValueId b = patch.add_node(reshape, {a}, {u4({16})})[0];
  const ValueId c = relu(patch, b, u4({16}));
  const ValueId y = relu(patch, c, u4({16}));
  patch.add_output(y);
  return {std::move(patch).apply(), x, a, b, c, y};
}

TEST(ChoosePacking, PacksWhatProducersAndConsumersTake) {
  const Chain chain = make_chain();
  const Packing packing = choose_packing(chain.graph, Optimize::kRam,
                                         [](NodeId, const Packing&) { return PackedRun::kOnStrips; });
  for (const ValueId v : {chain.a, chain.b, chain.c}) EXPECT_TRUE(packing(v));
  for (const ValueId v : {chain.x, chain.y}) EXPECT_FALSE(packing(v));
  EXPECT_EQ(packing.bytes(chain.graph, chain.b), 8);
  EXPECT_EQ(packing.bytes(chain.graph, chain.x), 16);
}

TEST(ChoosePacking, UnpacksWhatANodeRefusesAndItsOtherShapes) {
  const Chain chain = make_chain();
  const NodeId refuses = chain.graph.value(chain.c).producer;  // packed inputs, not outputs
  const Packing packing = choose_packing(chain.graph, Optimize::kRam, [&](NodeId n, const Packing& tried) {
    return n != refuses || !tried(chain.b) ? PackedRun::kOnStrips : PackedRun::kNot;
  });
  EXPECT_FALSE(packing(chain.a));
  EXPECT_FALSE(packing(chain.b));
  EXPECT_TRUE(packing(chain.c));
}

TEST(ChoosePacking, UnderSpeedWhatSomeKernelReadsPacked) {
  const Chain chain = make_chain();
  const NodeId native = chain.graph.value(chain.c).producer;
  const auto on_strips = [](NodeId, const Packing&) { return PackedRun::kOnStrips; };
  const Packing none = choose_packing(chain.graph, Optimize::kSpeed, on_strips);
  for (const ValueId v : {chain.a, chain.b, chain.c}) EXPECT_FALSE(none(v));
  const Packing some = choose_packing(chain.graph, Optimize::kSpeed, [&](NodeId n, const Packing&) {
    return n == native ? PackedRun::kNatively : PackedRun::kOnStrips;
  });
  for (const ValueId v : {chain.a, chain.b, chain.c}) EXPECT_TRUE(some(v));
}

}  // namespace
}  // namespace mote
