#include "ops/accumulation_sample.h"

#include <algorithm>
#include <limits>

#include "ir/patch.h"
#include "ops/operator_list.h"
#include "ops/random_tensor.h"

namespace mote {

namespace {

struct SampleEncodings {
  Encoding x, w, bias, y;
};

// As converters write them: signed bytes, weights with zero point 0, outputs that often count from their
// least integer. Now and then the sign.
SampleEncodings usual_encodings(Rng& rng, const AccumulationSample& s) {
  const auto byte = [&](std::int32_t zero) {
    return Encoding::affine(8, true, static_cast<float>(rng.uniform(0.005, 0.05)), zero);
  };
  const Encoding x = byte(static_cast<std::int32_t>(rng.chance(0.3) ? -128 : rng.integer(-128, 127)));
  Encoding w = byte(0);
  if (s.weight_axis >= 0) {
    std::vector<float> scales;
    for (std::int64_t i = 0; i < s.channels; ++i)
      scales.push_back(static_cast<float>(rng.uniform(1e-4, 0.01)));
    w = Encoding::per_axis(8, true, s.weight_axis, std::move(scales),
                           std::vector<std::int32_t>(static_cast<std::size_t>(s.channels)));
  }
  if (rng.chance(0.15)) return {x, w, Encoding::integer(32, true), Encoding::bipolar(1)};
  const Encoding y = byte(static_cast<std::int32_t>(rng.chance(0.6) ? -128 : rng.integer(-128, 127)));
  return {x, w, Encoding::integer(32, true),
          Encoding::affine(8, true, random_output_scale(rng, x, w, s.terms, 8), y.zero_point())};
}

// Signs times signs, to signs or to bytes.
SampleEncodings bipolar_encodings(Rng& rng, const AccumulationSample& s) {
  const auto sign = [&] { return Encoding::bipolar(static_cast<float>(rng.uniform(0.1, 2))); };
  Encoding w = sign();
  if (s.weight_axis >= 0 && rng.chance(0.5)) {
    Quantization q{s.weight_axis, {}, std::vector<std::int32_t>(static_cast<std::size_t>(s.channels))};
    for (std::int64_t i = 0; i < s.channels; ++i) q.scales.push_back(static_cast<float>(rng.uniform(0.1, 2)));
    w = w.with_quantization(std::move(q));
  }
  const Encoding x = sign();
  const auto zero = static_cast<std::int32_t>(rng.integer(-128, 127));
  const Encoding y =
      rng.chance(0.6) ? sign() : Encoding::affine(8, true, random_output_scale(rng, x, w, s.terms, 8), zero);
  return {x, w, Encoding::integer(32, true), y};
}

SampleEncodings random_encodings(Rng& rng, const AccumulationSample& s) {
  if (s.bipolar) return bipolar_encodings(rng, s);
  const double kind = rng.uniform();
  if (kind < 0.3) return {Encoding::real(), Encoding::real(), Encoding::real(), Encoding::real()};
  const int axis = rng.chance(0.7) ? s.weight_axis : -1;
  const Encoding bias = Encoding::integer(32, true);
  if (kind < 0.5) {
    const Encoding x = Encoding::affine(16, true, static_cast<float>(rng.uniform(1e-4, 1e-3)), 0);
    Encoding w = random_weight_encoding(rng, axis, s.channels);
    Quantization q = w.quantization();
    std::fill(q.zero_points.begin(), q.zero_points.end(), 0);
    w = Encoding::integer(w.bits(), true).with_quantization(std::move(q));
    return {x, w, bias, Encoding::affine(16, true, random_output_scale(rng, x, w, s.terms, 16), 0)};
  }
  if (kind > 0.8) return usual_encodings(rng, s);
  const Encoding x = random_narrow_activation(rng);
  const Encoding w = random_weight_encoding(rng, axis, s.channels);
  if (s.has_sum_form && kind < 0.6) return {x, w, bias, Encoding::integer(32, true)};
  const Encoding shape_of_y = random_narrow_activation(rng);
  if (shape_of_y.is_bipolar()) return {x, w, bias, shape_of_y};
  const float scale = random_output_scale(rng, x, w, s.terms, shape_of_y.bits());
  return {x, w, bias,
          Encoding::affine(shape_of_y.bits(), shape_of_y.is_signed(), scale, shape_of_y.zero_point())};
}

// A sign has no activation.
OperatorPtr without_clamp(const Operator& op) {
  Fields fields = op.fields();
  for (auto& [name, value] : fields) {
    if (name == "clamp_min") value = -std::numeric_limits<double>::infinity();
    if (name == "clamp_max") value = std::numeric_limits<double>::infinity();
  }
  return make_operator(op.name(), fields);
}

}  // namespace

void random_clamp(Rng& rng, float& clamp_min, float& clamp_max) {
  if (rng.chance(0.5)) return;
  clamp_min = rng.chance(0.7) ? 0.0F : -0.5F;
  if (rng.chance(0.5)) clamp_max = rng.chance(0.5) ? 6.0F : 1.0F;
}

Graph accumulation_sample(Rng& rng, const AccumulationSample& s) {
  const SampleEncodings e = random_encodings(rng, s);
  Patch patch;
  std::vector<ValueId> inputs{patch.add_input("x", {s.x, e.x, {}}),
                              patch.add_constant("w", e.w.is_real() ? random_tensor(rng, {s.w, e.w, {}})
                                                                    : random_weights(rng, {s.w, e.w, {}}))};
  if (rng.chance(0.7))
    inputs.push_back(patch.add_constant("bias", random_tensor(rng, {{s.channels}, e.bias, {}})));
  InputTypes types;
  for (const ValueId v : inputs) types.push_back(&patch.type(v));
  TensorType output = s.op->infer(types).at(0);
  output.encoding = e.y;
  const OperatorPtr op = e.y.is_bipolar() ? without_clamp(*s.op) : s.op;
  const auto outputs = patch.add_node(op, std::move(inputs), {output}, "sample", {"y"});
  patch.add_output(outputs[0]);
  return std::move(patch).apply();
}

}  // namespace mote
