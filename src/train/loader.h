// Batches for training and evaluation, prepared by a background thread while the network computes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/normalization.h"
#include "data/samples.h"
#include "train/augment.h"

namespace mote::train {

struct Batch {
  std::size_t count = 0;
  std::vector<float> inputs;          // [count, sample shape], normalized
  std::vector<float> clean;           // the same before augmentation; filled where asked for
  std::vector<std::size_t> indices;   // sample numbers
  std::vector<std::int32_t> labels;   // one per sample
  std::vector<std::size_t> partners;  // mixup: sample numbers blended in; else empty
  std::vector<std::int32_t> others;   // mixup: their labels; else empty
  float share = 1;                    // mixup: of the samples' own part
};

struct LoaderOptions {
  std::size_t batch = 128;
  bool shuffle = false;
  Augmentation augmentation;
  bool keep_clean = false;  // fill Batch::clean
  std::uint64_t seed = 1;
  std::size_t queue = 4;  // batches prepared ahead
};

// The samples of epoch `epoch` in its order: a permutation by (seed, epoch).
std::vector<std::size_t> epoch_order(std::size_t count, std::uint64_t seed, std::uint64_t epoch);

// One pass over `samples`, which must outlive it. Shuffled passes have whole batches only (all samples where
// there is less than one batch): the rest, which differs from pass to pass, is left out. Others end with a
// smaller batch. Batch k of epoch e is the same whether or not the batches before it were taken, so a pass
// can begin anywhere. Throws UserError when the normalization or an augmentation does not fit the samples.
class Loader {
 public:
  Loader(const data::Samples& samples, const data::Normalization& normalization, const LoaderOptions& options,
         std::uint64_t epoch = 0, std::size_t first_batch = 0);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // False at the end of the pass. Swaps a prepared batch in and takes the storage of the old one back.
  bool next(Batch& batch);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

// Batches of one pass.
std::size_t batch_count(std::size_t samples, const LoaderOptions& options);

// Mean and deviation of the values of training samples, with scale 1/255 for pictures: one pair per channel
// of pictures, one for all values of other tensors, the identity for sounds (they are within -1..1 already).
data::Normalization measured_normalization(const data::Samples& samples);

}  // namespace mote::train
