// Independent categorical distributions of weights over integer levels times a scale, by their logits.
// Shared by the methods that train them; see Roth, Schindler, Fröning, Pernkopf: "Training Discrete-Valued
// Neural Networks with Sign Activations Using Weight Distributions", ECML PKDD 2019, and Shayer, Levi,
// Fetaya: "Learning Discrete Weights Using the Local Reparameterization Trick", ICLR 2018.
#pragma once

#include "train/quantizer.h"

namespace mote::train {

// Levels: -1, +1 of one bit, else all integers of the narrow signed range. Probabilities start so that the
// mean of each weight is the weight of a trained network, as nearly as a least probability of every level
// allows. Logits are kept in units of weights (divided by a constant), so that rates of learning that suit
// weights suit them. The scale per axis is learned.
class LevelDistribution : public Quantizer {
 public:
  explicit LevelDistribution(const QuantizerSpec& spec);
  void initialize(const torch::Tensor& x) override;
  std::vector<Parameter> parameters() override;
  std::vector<NamedTensor> buffers() override;
  std::optional<LevelProbabilities> probabilities() override;
  // The most probable level of each weight.
  ExportedQuant exported(const torch::Tensor& x) override;

 protected:
  torch::Tensor logits() const;                     // [levels, shape of the weights]
  torch::Tensor scale() const;                      // broadcasts to the weights
  torch::Tensor levels() const { return levels_; }  // [levels, 1, ...]
  torch::Tensor most_probable() const;

 private:
  QuantizerSpec spec_;
  torch::Tensor levels_;
  torch::Tensor scales_;     // [rows, 1], a parameter
  torch::Tensor parameter_;  // logits / sharpness
  torch::Tensor sharpness_;  // a constant: 2 / mean scale of the start
};

}  // namespace mote::train
