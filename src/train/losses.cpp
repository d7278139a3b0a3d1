#include "train/losses.h"

#include <algorithm>

#include "base/error.h"
#include "ops/softmax.h"

namespace mote::train {

namespace {

constexpr double kLeastProbability = 1e-12;

// [count, size] over memory that the batch owns.
torch::Tensor rows_of(const std::vector<float>& values, std::size_t count) {
  const auto rows = static_cast<std::int64_t>(count);
  return torch::from_blob(const_cast<float*>(values.data()),
                          {rows, static_cast<std::int64_t>(values.size()) / rows}, torch::kFloat32);
}

bool ends_in_softmax(const Graph& graph) {
  const NodeId producer = graph.value(graph.outputs()[0]).producer;
  const auto* softmax = producer.valid() ? graph.node(producer).as<Softmax>() : nullptr;
  return softmax != nullptr && softmax->function == "Softmax";
}

void check_labels(const data::Samples& samples, std::int64_t classes, const std::string& network) {
  if (samples.count == 0) return;
  const auto [least, most] = std::minmax_element(samples.labels.begin(), samples.labels.end());
  if (samples.labels.empty() || *least == data::kNoLabel)
    throw UserError({"the network cannot be trained on these samples", network,
                     samples.labels.empty() || *most == data::kNoLabel ? "they have no labels"
                                                                       : "some of them have no label",
                     "give data with a class for each sample, or another --loss"});
  if (*most >= classes)
    throw UserError(
        {"the network cannot be trained on these samples", network,
         "it has " + std::to_string(classes) + " outputs, the labels go up to " + std::to_string(*most),
         "give a network with an output for each class"});
}

}  // namespace

Loss::Loss(const Graph& graph, const LabelledSamples& samples, LossKind kind, double label_smoothing)
    : samples_(samples), kind_(kind), smoothing_(label_smoothing), probabilities_(ends_in_softmax(graph)) {
  const TensorType& input = graph.type(graph.inputs()[0]);
  const TensorType& output = graph.type(graph.outputs()[0]);
  outputs_ = output.elements();
  if (kind_ == LossKind::Auto)
    kind_ = !samples.targets.empty()      ? LossKind::MeanSquaredError
            : output.shape == input.shape ? LossKind::Reconstruction
                                          : LossKind::CrossEntropy;
  if (kind_ == LossKind::Reconstruction && outputs_ != input.elements())
    throw UserError({"the network cannot be trained to reconstruct", graph.name(),
                     "its output has " + std::to_string(outputs_) + " elements, its input " +
                         std::to_string(input.elements()),
                     "choose another --loss"});
  if (kind_ == LossKind::CrossEntropy && outputs_ < 2)
    throw UserError({"the network cannot be trained to classify", graph.name(), "it has one output",
                     "choose --loss mse, or give the network an output for each class"});
  if (kind_ != LossKind::MeanSquaredError || samples.targets.empty()) {
    if (kind_ == LossKind::Reconstruction) return;
    classifies_ = outputs_ > 1;
    check_labels(samples.samples, classifies_ ? outputs_ : std::int64_t{1} << 31, graph.name());
    return;
  }
  const std::size_t wanted = samples.samples.count * static_cast<std::size_t>(outputs_);
  if (samples.targets.size() != wanted)
    throw UserError({"the targets do not fit the network", graph.name(),
                     "there are " + std::to_string(samples.targets.size()) + " numbers, " +
                         std::to_string(samples.samples.count) + " samples with " + std::to_string(outputs_) +
                         " outputs need " + std::to_string(wanted),
                     "give a row of targets for each sample"});
}

torch::Tensor Loss::class_shares(const Batch& batch, double smoothing) const {
  const auto rows = static_cast<std::int64_t>(batch.count);
  torch::Tensor shares = torch::full({rows, outputs_}, smoothing / static_cast<double>(outputs_));
  float* row = shares.data_ptr<float>();
  const auto rest = static_cast<float>(1 - smoothing);
  for (std::size_t i = 0; i < batch.count; ++i, row += outputs_) {
    row[batch.labels[i]] += rest * batch.share;
    if (!batch.others.empty()) row[batch.others[i]] += rest * (1 - batch.share);
  }
  return shares;
}

torch::Tensor Loss::targets(const Batch& batch) const {
  if (kind_ == LossKind::Reconstruction) return rows_of(batch.clean, batch.count);
  if (classifies_) return class_shares(batch, 0);
  const auto rows = static_cast<std::int64_t>(batch.count);
  torch::Tensor wanted = torch::zeros({rows, outputs_});
  float* row = wanted.data_ptr<float>();
  const auto add = [&](std::size_t index, std::int32_t label, float share) {
    for (std::int64_t k = 0; k < outputs_; ++k)
      row[k] +=
          share *
          (samples_.targets.empty()
               ? static_cast<float>(label)
               : samples_.targets[index * static_cast<std::size_t>(outputs_) + static_cast<std::size_t>(k)]);
  };
  for (std::size_t i = 0; i < batch.count; ++i, row += outputs_) {
    add(batch.indices[i], batch.labels[i], batch.share);
    if (!batch.partners.empty()) add(batch.partners[i], batch.others[i], 1 - batch.share);
  }
  return wanted;
}

torch::Tensor Loss::mean(const torch::Tensor& output, const Batch& batch, bool training) const {
  const torch::Tensor rows = output.reshape({static_cast<std::int64_t>(batch.count), outputs_});
  if (kind_ != LossKind::CrossEntropy) return (rows - targets(batch)).square().mean();
  const torch::Tensor logarithms =
      probabilities_ ? rows.clamp_min(kLeastProbability).log() : rows.log_softmax(1);
  return -(class_shares(batch, training ? smoothing_ : 0) * logarithms).sum() /
         static_cast<double>(batch.count);
}

std::uint64_t Loss::correct(const torch::Tensor& output, const Batch& batch) const {
  const torch::Tensor best = output.reshape({static_cast<std::int64_t>(batch.count), outputs_}).argmax(1);
  const auto* index = best.data_ptr<std::int64_t>();
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < batch.count; ++i) count += index[i] == batch.labels[i] ? 1 : 0;
  return count;
}

}  // namespace mote::train
