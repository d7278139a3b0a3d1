// Quantizer: what a Quant or BipolarQuant node becomes while it is trained. One file per method in
// train/quantizers, one row each in quantizer_list.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "train/torch.h"

namespace mote::train {

// Decides weight decay (Weight only) and which learning rate a parameter has.
enum class Role { Weight, Bias, Normalization, Quantizer };

struct NamedTensor {
  std::string name;
  torch::Tensor tensor;
};

struct Parameter : NamedTensor {
  Role role = Role::Weight;
  double rate = 1;  // multiplies the learning rate
};

// What a node asks for. `axis`: of per-axis scales, with `channels` indices; -1: per tensor (channels 1).
struct QuantizerSpec {
  int bits = 8;  // 1: BipolarQuant
  bool is_signed = true;
  bool narrow = false;
  int axis = -1;
  bool weights = true;
  std::int64_t channels = 1;
  std::vector<std::int64_t> shape = {};  // of the weights; empty for activations
};

// What a trained quantizer writes into the graph.
struct ExportedQuant {
  bool bipolar = false;  // BipolarQuant(x, scale); else Quant with these fields
  float bits = 8;
  bool is_signed = true;
  bool narrow = false;
  std::string rounding = "ROUND";
  int axis = -1;                        // of `scale`; -1: one scale
  std::vector<float> scale;             // one, or one per index of the axis
  float zero_point = 0;                 // an integer within the range
  std::optional<torch::Tensor> values;  // weights: on the grid already, replaces the constant
};

// Weights as random variables: mean and variance of each, of the shape of the weights, differentiable.
struct Moments {
  torch::Tensor mean, variance;
};

// A distribution over levels: weight = scale (of its index of `axis`) * level.
struct LevelProbabilities {
  std::vector<int> levels;      // ascending
  torch::Tensor probabilities;  // [levels, shape of the weights]
  int axis = -1;
  std::vector<float> scale;
};

class Quantizer {
 public:
  virtual ~Quantizer() = default;
  // Once before training, unless a checkpoint is loaded: x is the weights, or a batch of activations.
  virtual void initialize(const torch::Tensor& x) = 0;
  // Real in, real on the quantization grid out, of the same shape, with a surrogate gradient.
  virtual torch::Tensor forward(const torch::Tensor& x, bool training) = 0;
  // Leaf tensors that exist from construction on and keep their identity; names are unique within the
  // quantizer.
  virtual std::vector<Parameter> parameters() { return {}; }
  // State besides the parameters that a checkpoint must hold, under the same conditions.
  virtual std::vector<NamedTensor> buffers() { return {}; }
  // 0..1 of the training: annealing, incremental schemes.
  virtual void set_progress(double) {}
  // Added to the loss (divergences, bit costs); undefined: none.
  virtual torch::Tensor penalty() { return {}; }
  // Whether forward(x) equals forward(max(x, 0)), gradients included. A Relu before the node is then left
  // out.
  virtual bool clips_below_zero() const { return false; }
  // Distributions of weights. In training a layer whose weights have moments samples its outputs as normal
  // variables of the mean and variance that follow (forward_sampled.cpp), and forward is not called.
  virtual std::optional<Moments> moments() { return {}; }
  virtual std::optional<LevelProbabilities> probabilities() { return {}; }
  // `x`: the weights; undefined for activations. Quantizing by the result gives what forward(x, false) gives.
  virtual ExportedQuant exported(const torch::Tensor& x) = 0;

 protected:
  Quantizer() = default;
  Quantizer(const Quantizer&) = default;
  Quantizer& operator=(const Quantizer&) = default;
};

using MakeQuantizer = std::unique_ptr<Quantizer> (*)(const QuantizerSpec&);

}  // namespace mote::train
