// Random changes of training samples that leave the label true. They work on normalized values, in place;
// what is uncovered becomes 0 (the mean, after normalization).
//
//   flip          mirror images left to right, every other one
//   shift-crop=N  pad images by N and cut the old size out at a random place (He et al. 2016, section 4.2)
//   cutout=N      one square of N x N pixels becomes 0; its centre lies anywhere (DeVries, Taylor 2017,
//                 arXiv:1708.04552)
//   mixup=A       a batch is blended with itself in another order, share ~ Beta(A, A) (Zhang et al. 2018,
//                 arXiv:1710.09412); done by the loader, which also blends the labels
//   time-shift=N  move along the first axis by up to N steps
//   noise=S       add normal noise of deviation S
//   mask-time=N   up to N steps of the first axis become 0 (Park et al. 2019, SpecAugment, arXiv:1904.08779)
//   mask-bins=N   up to N rows of the second axis become 0 (the same)
//
// Random numbers come from (seed, epoch, sample index), so that a sample is the same whoever prepares it, and
// after a resume.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "data/samples.h"

namespace mote::train {

struct Augmentation {
  bool flip = false;
  int shift_crop = 0;
  int cutout = 0;
  double mixup = 0;
  int time_shift = 0;
  double noise = 0;
  int mask_time = 0;
  int mask_bins = 0;
  bool operator==(const Augmentation&) const = default;
};

// "flip,shift-crop=4,mixup=0.2"; "" and "none": nothing. UserError for an unknown word or a bad number.
Augmentation parse_augmentation(const std::string& text);
std::string format_augmentation(const Augmentation& augmentation);  // reads back to the same

// Throws UserError when samples of this shape cannot be changed so: pictures need H,W,C, time and bins need
// two axes.
void check_augmentation(const Augmentation& augmentation, const data::Shape& shape);

// Independent random numbers for each sample of each epoch.
Rng sample_rng(std::uint64_t seed, std::uint64_t epoch, std::uint64_t index);

// All but mixup, in the order above. `scratch` is any buffer; its contents are lost.
void augment(std::span<float> sample, const data::Shape& shape, const Augmentation& augmentation,
             std::vector<float>& scratch, Rng& rng);

// A share from Beta(alpha, alpha).
double mixup_share(double alpha, Rng& rng);

}  // namespace mote::train
