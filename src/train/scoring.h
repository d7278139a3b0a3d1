// Loss and accuracy of a network over samples. Internal to train/.
#pragma once

#include <string>

#include "base/progress.h"
#include "train/losses.h"
#include "train/network.h"

namespace mote::train {

// A batch as a tensor of the network's input shape; it shares the memory of the batch.
torch::Tensor input_tensor(const Batch& batch, const Graph& graph);

// In evaluation mode, without gradients.
Score score_network(Network& network, const Loss& loss, const data::Samples& samples,
                    const data::Normalization& normalization, const std::string& label,
                    const Progress& progress);

// Takes the statistics of batch normalization anew: plain means over `batches` batches of training samples
// without augmentation, at most one pass. Quantizers stand as they will be exported.
void reestimate_statistics(Network& network, const data::Samples& samples,
                           const data::Normalization& normalization, std::size_t batches, std::size_t batch,
                           std::uint64_t seed);

}  // namespace mote::train
