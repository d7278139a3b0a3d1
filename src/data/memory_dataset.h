// A data set whose samples are all in memory, as the readers of whole files make it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace mote::data {

struct Table {
  std::string name, format;
  Samples samples;                           // all splits together; the labels are replaced
  std::vector<std::string> words;            // the label of each sample as a word; empty: none
  std::vector<std::optional<Split>> splits;  // of each sample
  std::vector<std::string> class_names;  // given names for the numbers 0, 1, ...; empty: made from the words
};

// Appends `part` (same kind and shape, else UserError naming `where`) to `samples`, which may be empty.
void append_samples(Samples& samples, Samples part, const std::string& where);

std::unique_ptr<Dataset> make_memory_dataset(Table table, const DatasetOptions& options);

}  // namespace mote::data
