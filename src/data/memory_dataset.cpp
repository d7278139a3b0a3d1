#include "data/memory_dataset.h"

#include <utility>

#include "base/error.h"
#include "data/fit.h"
#include "data/split.h"

namespace mote::data {
namespace {

class MemoryDataset : public Dataset {
 public:
  MemoryDataset(DatasetInfo info, Samples samples, Assignment assignment)
      : Dataset(std::move(info)), samples_(std::move(samples)), assignment_(std::move(assignment)) {}

 protected:
  Samples read(Split split, std::span<const std::size_t> indices, const Shape& shape) const override {
    const std::vector<std::size_t>& members = assignment_.indices[static_cast<std::size_t>(split)];
    std::vector<std::size_t> rows;
    rows.reserve(indices.size());
    for (const std::size_t index : indices) rows.push_back(members[index]);
    return fit_samples(gather(samples_, rows), shape);
  }

 private:
  Samples samples_;
  Assignment assignment_;
};

}  // namespace

void append_samples(Samples& samples, Samples part, const std::string& where) {
  if (samples.count == 0) {
    samples = std::move(part);
    return;
  }
  if (samples.kind != part.kind || samples.shape != part.shape) {
    throw UserError({"the parts of the data set differ", where,
                     "its samples have the shape " + shape_text(part.shape) + ", those before " +
                         shape_text(samples.shape),
                     "remove it, or give the parts one by one"});
  }
  samples.count += part.count;
  samples.pixels.insert(samples.pixels.end(), part.pixels.begin(), part.pixels.end());
  samples.values.insert(samples.values.end(), part.values.begin(), part.values.end());
  samples.labels.insert(samples.labels.end(), part.labels.begin(), part.labels.end());
}

std::unique_ptr<Dataset> make_memory_dataset(Table table, const DatasetOptions& options) {
  MOTE_CHECK(table.words.size() == table.samples.count && table.splits.size() == table.samples.count);
  Classes classes = number_classes(table.words);
  if (table.class_names.size() >= classes.names.size()) classes.names = std::move(table.class_names);
  table.samples.labels = std::move(classes.labels);
  Assignment assignment = assign_splits(table.samples.labels, table.splits, options, table.name);
  DatasetInfo info;
  info.name = std::move(table.name);
  info.format = std::move(table.format);
  info.kind = table.samples.kind;
  info.shape = table.samples.shape;
  info.class_names = std::move(classes.names);
  info.split_rule = assignment.rule;
  for (std::size_t s = 0; s < kSplitCount; ++s) info.counts[s] = assignment.indices[s].size();
  return std::make_unique<MemoryDataset>(std::move(info), std::move(table.samples), std::move(assignment));
}

}  // namespace mote::data
