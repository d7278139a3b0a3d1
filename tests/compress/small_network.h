// A small float image classifier with random weights, and random inputs for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ir/graph.h"
#include "ir/patch.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/reshape.h"
#include "ops/softmax.h"
#include "ops/unary.h"

namespace mote::testing {

inline Tensor random_reals(Rng& rng, const Shape& shape, double deviation, double mean = 0) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (float& value : values) value = static_cast<float>(mean + deviation * rng.normal());
  return Tensor::reals(shape, values);
}

// [1,8,8,3]: conv, relu, depthwise, relu, pointwise, residual add, a concat with a sigmoid, global average
// pool, dense, softmax. Weights of one channel are 20 times larger when `uneven`.
inline Graph small_network(std::uint64_t seed, bool softmax = true) {
  Rng rng(seed);
  Patch p;
  p.set_name("small");
  const auto weights = [&](const char* name, Shape shape, double deviation) {
    return p.add_constant(name, random_reals(rng, shape, deviation));
  };
  const ValueId x = p.add_input("image", {{1, 8, 8, 3}, Encoding::real(), {}});
  auto conv = std::make_shared<Conv2D>();
  conv->padding = {1, 1, 1, 1};
  conv->clamp_min = 0;
  const ValueId stem =
      p.add(conv, {x, weights("w0", {8, 3, 3, 3}, 0.3), weights("b0", {8}, 0.2)}, "stem", "stem_out");
  auto depthwise = std::make_shared<DepthwiseConv2D>();
  depthwise->padding = {1, 1, 1, 1};
  const ValueId deep = p.add(depthwise, {stem, weights("w1", {1, 3, 3, 8}, 0.3), weights("b1", {8}, 0.2)},
                             "depthwise", "deep");
  auto relu = std::make_shared<Unary>();
  const ValueId positive = p.add(relu, {deep}, "relu", "positive");
  const ValueId point =
      p.add(std::make_shared<Conv2D>(), {positive, weights("w2", {8, 1, 1, 8}, 0.4)}, "pointwise", "point");
  auto add = std::make_shared<Binary>();
  add->clamp_min = 0;
  const ValueId sum = p.add(add, {point, stem}, "residual", "sum");
  auto sigmoid = std::make_shared<Unary>();
  sigmoid->function = "Sigmoid";
  const ValueId gate = p.add(sigmoid, {point}, "gate", "gate_out");
  auto concat = std::make_shared<Concat>();
  concat->axis = 3;
  const ValueId both = p.add(concat, {sum, gate}, "concat", "both");
  auto pool = std::make_shared<Pool>();
  pool->function = "AveragePool";
  pool->window = pool->stride = {8, 8};
  const ValueId pooled = p.add(pool, {both}, "pool", "pooled");
  auto reshape = std::make_shared<Reshape>();
  reshape->shape = {1, 16};
  const ValueId flat = p.add(reshape, {pooled}, "flatten", "flat");
  ValueId result = p.add(std::make_shared<FullyConnected>(),
                         {flat, weights("w3", {10, 16}, 0.5), weights("b3", {10}, 0.3)}, "dense", "logits");
  if (softmax) {
    auto probability = std::make_shared<Softmax>();
    probability->axis = 1;
    result = p.add(probability, {result}, "softmax", "probability");
  }
  p.add_output(result);
  return std::move(p).apply();
}

inline std::vector<std::vector<Tensor>> random_images(std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  std::vector<std::vector<Tensor>> samples;
  for (std::size_t i = 0; i < count; ++i) samples.push_back({random_reals(rng, {1, 8, 8, 3}, 1)});
  return samples;
}

}  // namespace mote::testing
