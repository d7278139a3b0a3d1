// From a data specification to the samples that training takes.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include "data/dataset.h"
#include "train/train.h"

namespace mote::train {

struct DataRequest {
  std::string specification;  // a path or synth:NAME
  data::Shape shape;          // of the network's input
  // Validation samples. Unset: the data set's own, if any. Else this part of the training samples, where the
  // data set names no validation split; 0: none.
  std::optional<double> valid_fraction;
  std::string normalize =
      "auto";           // as parse_normalization, or "auto": measured_normalization of the train split
  std::string targets;  // .npy with a row for each training sample, in the data set's order
  std::size_t limit = std::numeric_limits<std::size_t>::max();  // of training samples, a random part by seed
};

struct LoadedData {
  TrainData data;
  data::DatasetInfo info;
};

// Throws UserError as data::open_dataset and Dataset::load do, and for targets that do not fit.
LoadedData load_train_data(const DataRequest& request);

}  // namespace mote::train
