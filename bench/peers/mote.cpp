#include <cstring>

#include "bench/peers/contender.h"
#include "compress/import.h"
#include "emit/c.h"
#include "measure/host.h"
#include "measure/sample_input.h"

namespace mote::bench {

namespace {

Artifact emit_for_host(const std::filesystem::path& model, const std::filesystem::path& folder) {
  const Plan plan = make_plan(prepare_model(import_model(model), {}).graph, load_target("host"));
  return emit_c(plan, {.name = "network", .folder = folder});
}

class Mote : public Contender {
 public:
  explicit Mote(const std::filesystem::path& model)
      : model_(emit_for_host(model, folder_.path())), arena_(model_) {
    const Graph graph = import_model(model);
    for (const ValueId v : graph.inputs())
      inputs_.push_back(
          input_bytes(static_cast<std::size_t>(graph.type(v).bytes()), graph.type(v).encoding.is_real()));
  }

  void run() override {
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      std::memcpy(arena_.data() + model_.artifact().inputs[i].offset, inputs_[i].data(), inputs_[i].size());
    model_.run_in_place(arena_);
  }

  Bytes output() const override {
    const Port& port = model_.artifact().outputs.at(0);
    return Bytes(arena_.data() + port.offset, arena_.data() + port.offset + port.bytes);
  }

 private:
  TemporaryFolder folder_;
  CompiledModel model_;
  CompiledModel::Arena arena_;
  std::vector<Bytes> inputs_;
};

}  // namespace

Bytes input_bytes(std::size_t bytes, bool real) {
  if (!real) return sample_bytes(bytes);
  const Bytes from = sample_bytes(bytes / sizeof(float));
  Bytes reals(from.size() * sizeof(float));
  for (std::size_t i = 0; i < from.size(); ++i) {
    const float value = static_cast<float>(static_cast<std::int8_t>(from[i])) / 128.0F;
    std::memcpy(reals.data() + i * sizeof(float), &value, sizeof(float));
  }
  return reals;
}

std::unique_ptr<Contender> mote_contender(const std::filesystem::path& model) {
  return std::make_unique<Mote>(model);
}

}  // namespace mote::bench
