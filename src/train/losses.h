// Losses over batches. Internal to train/.
#pragma once

#include "ir/graph.h"
#include "train/loader.h"
#include "train/options.h"
#include "train/quantizer.h"
#include "train/train.h"

namespace mote::train {

class Loss {
 public:
  // Decides what LossKind::Auto means and checks that the samples have what the loss needs: labels that the
  // network has outputs for, or targets of the output's size. Throws UserError. `samples` must outlive it.
  Loss(const Graph& graph, const LabelledSamples& samples, LossKind kind, double label_smoothing);

  LossKind kind() const { return kind_; }
  bool classifies() const { return classifies_; }
  bool needs_clean_inputs() const { return kind_ == LossKind::Reconstruction; }

  // Mean over the batch, a scalar with a gradient. `output`: [N, ...], the network's first output. Label
  // smoothing is part of training only.
  torch::Tensor mean(const torch::Tensor& output, const Batch& batch, bool training) const;

  // Samples whose greatest output is at the label; of mixed samples, the label of the own part.
  std::uint64_t correct(const torch::Tensor& output, const Batch& batch) const;

 private:
  torch::Tensor class_shares(const Batch& batch, double smoothing) const;
  torch::Tensor targets(const Batch& batch) const;

  const LabelledSamples& samples_;
  LossKind kind_;
  double smoothing_;
  std::int64_t outputs_ = 0;  // elements per sample
  bool classifies_ = false;
  bool probabilities_ = false;  // the network ends in Softmax
};

}  // namespace mote::train
