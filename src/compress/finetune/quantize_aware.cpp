#include "compress/finetune/quantize_aware.h"

#include <fmt/format.h>

#include "base/error.h"
#include "compress/pipelines.h"
#include "compress/quantize/insert_quantizers.h"
#include "ir/verify.h"
#include "train/quantizer_list.h"

namespace mote {

namespace {

// For what a method is not for: weights, or activations.
std::string stand_in(int bits) { return bits == 1 ? "bi_real" : "lsq"; }

bool takes(const train::QuantizerRow& row, int bits) { return bits >= row.min_bits && bits <= row.max_bits; }

[[noreturn]] void refuse(const train::QuantizerRow& row, const std::string& of, int bits) {
  throw UserError(
      {"the method does not suit the widths", std::string(row.name),
       fmt::format("it is for {} to {} bits, {} shall have {}", row.min_bits, row.max_bits, of, bits),
       "choose other bits or another method; mote quantize --method list says what each is for"});
}

}  // namespace

QuantizerMethods methods_named(const std::string& name, const LayerBits& bits) {
  const train::QuantizerRow& row = train::find_quantizer(name);
  const auto choose = [&](bool suits, int width, const std::string& of) -> std::string {
    if (suits && takes(row, width)) return name;
    if (suits && of == "weights") refuse(row, of, width);
    const std::string other = stand_in(suits ? 8 : width);
    if (!takes(train::find_quantizer(other), width)) refuse(row, of, width);
    return other;
  };
  QuantizerMethods methods{choose(row.weights, bits.weights, "weights"),
                           choose(row.activations, bits.activations, "activations")};
  if (methods.weights != name && methods.activations != name) refuse(row, "activations", bits.activations);
  return methods;
}

Graph quantizer_network(const Graph& float_network, const QuantizerPolicy& policy) {
  if (const Stage stage = stage_of(float_network); stage != Stage::Float)
    throw UserError({"the network cannot get quantizers", float_network.name(),
                     "it is in the " + to_string(stage) + " stage, not float", "give the float model"});
  const Graph network = insert_quantizers(simplify_for_training(float_network), policy);
  verify(network, Stage::Simulated, "insert_quantizers");
  return network;
}

}  // namespace mote
