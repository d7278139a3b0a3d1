// Network: the torch form of a Float or Simulated graph, to be trained and written back.
//
// Tensors have the graph's own shapes and axes (images NHWC), only that their outermost extent is a batch of
// any size, a multiple of the graph's. Convolutions see them as NCHW views in channels_last memory, so
// nothing is copied.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "run/weight_posterior.h"
#include "train/quantizer.h"

namespace mote::train {

// The method name that stands for the graph's own Quant parameters, fixed, with the clipped straight-through
// estimator.
inline constexpr std::string_view kFixedQuantizer = "fixed";

struct NetworkOptions {
  // Rows of quantizer_list.h, or kFixedQuantizer, for the Quant and BipolarQuant nodes on weights and on
  // activations.
  std::string weights = "lsq";
  std::string activations = "lsq";
  std::string other_widths = "lsq";              // where a node has a width that the method does not cover
  std::map<std::string, std::string> overrides;  // node name, or name of its output -> method
  double batch_norm_momentum = 0.1;              // weight of a new batch in the running statistics
};

// How BatchNormalization normalizes in training. Outside it is always the running statistics.
enum class Statistics { Batch, Running };

class Network {
 public:
  // Trainable: weights and biases of layers, gamma and beta of normalizations, slopes of PRelu, tables of
  // Gather; all other constants stay. Throws UserError for a node that has no real form, and for an unknown
  // method.
  explicit Network(const Graph& graph, const NetworkOptions& options = {});
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  // Called with each value that a node computes.
  using Observer = std::function<void(ValueId, const torch::Tensor&)>;

  // x: [N, ...], a batch of the graph's single input, float32. The first output, with the same N. In
  // training, normalization takes the statistics of the batch and updates the running ones; automatic
  // differentiation is on unless the caller switched it off.
  torch::Tensor forward(const torch::Tensor& x, bool training, const Observer& observer = {});
  // All inputs in, all outputs out.
  std::vector<torch::Tensor> forward(const std::vector<torch::Tensor>& inputs, bool training,
                                     const Observer& observer = {});

  // Quantizers look at the weights and at the activations of this batch, each behind the ones before it.
  // Before training; a checkpoint's state takes its place.
  void initialize_quantizers(const torch::Tensor& x);

  // Stable names: those of the graph's values; NODE/NAME for what quantizers own. The tensors are the live
  // ones: writing into them (under no_grad) changes the network.
  std::vector<Parameter> parameters() const;
  std::vector<NamedTensor> state() const;  // parameters, running statistics, buffers of quantizers

  // He et al. 2015 (arXiv:1502.01852): weights normal with variance 2 / fan-in, biases and beta 0, gamma 1,
  // statistics 0 and 1.
  void reinitialize(std::uint64_t seed);

  void set_statistics(Statistics statistics);
  // Weight of a new batch in the running statistics. Batch k = 1, 2, ... with 1/k after reset_statistics()
  // gives plain means.
  void set_batch_norm_momentum(double momentum);
  void reset_statistics();
  // Updates the running statistics from this batch, each normalization behind the ones before it, with
  // everything else as outside training: quantizers as they will be exported.
  void measure_statistics(const torch::Tensor& x);

  void set_progress(double fraction);          // of the training, to every quantizer
  torch::Tensor penalty() const;               // sum of the quantizers'; undefined: none
  std::vector<Quantizer*> quantizers() const;  // in node order

  const Graph& graph() const;
  // The graph with the learned constants, running statistics and Quant parameters.
  Graph exported() const;
  // The distributions of weights that were trained, by the names of exported()'s constants; may be empty.
  WeightPosterior posterior() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

// Threads of LibTorch in this process. One: the same seed gives the same bits.
void set_threads(int threads);

}  // namespace mote::train
