#include "train/train_data.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/npy.h"
#include "train/loader.h"

namespace mote::train {

namespace {

constexpr double kUnlabelledFraction = 0.1;
constexpr std::uint64_t kPartSeed = 1;

LabelledSamples part_of(const LabelledSamples& all, std::vector<std::size_t> indices) {
  std::sort(indices.begin(), indices.end());
  LabelledSamples part{data::gather(all.samples, indices), {}};
  const std::size_t width = all.targets.size() / std::max<std::size_t>(1, all.samples.count);
  for (const std::size_t index : indices)
    part.targets.insert(part.targets.end(), all.targets.begin() + static_cast<std::ptrdiff_t>(index * width),
                        all.targets.begin() + static_cast<std::ptrdiff_t>((index + 1) * width));
  return part;
}

// Takes a random part of the training samples for validation.
void deal_out(TrainData& data, double fraction) {
  const std::size_t count = data.train.samples.count;
  const auto kept = static_cast<std::size_t>(std::lround(static_cast<double>(count) * (1 - fraction)));
  const auto order = epoch_order(count, kPartSeed, 0);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(kept);
  const LabelledSamples all = std::move(data.train);
  data.train = part_of(all, {order.begin(), middle});
  data.valid = part_of(all, {middle, order.end()});
}

std::vector<float> read_targets(const std::string& path, std::size_t count) {
  const NpyArray array = read_npy(path);
  if (array.shape.empty() || static_cast<std::size_t>(array.shape[0]) != count)
    throw UserError({"the targets do not fit the data", path,
                     "it has " + std::to_string(array.shape.empty() ? 1 : array.shape[0]) +
                         " rows, there are " + std::to_string(count) + " training samples",
                     "give a row for each"});
  return array.as_float();
}

bool has_labels(const data::Samples& samples) {
  return std::any_of(samples.labels.begin(), samples.labels.end(),
                     [](std::int32_t label) { return label != data::kNoLabel; });
}

}  // namespace

LoadedData load_train_data(const DataRequest& request) {
  if (request.valid_fraction && !(*request.valid_fraction >= 0 && *request.valid_fraction < 1))
    throw UserError({"impossible part for validation", std::to_string(*request.valid_fraction),
                     "it must be at least 0 and below 1", "give for example --valid 0.1"});
  data::DatasetOptions options;
  options.valid_fraction = request.valid_fraction;
  const auto dataset = data::open_dataset(request.specification, options);
  LoadedData loaded{{}, dataset->info()};
  data::LoadOptions load;
  load.shape = request.shape;
  // Samples without the batch: augmentation looks at their axes.
  if (load.shape.size() > 1 && load.shape[0] == 1) load.shape.erase(load.shape.begin());
  load.max_count = request.limit;
  TrainData& data = loaded.data;
  data.train.samples = dataset->load(data::Split::kTrain, load);
  if (!request.targets.empty()) data.train.targets = read_targets(request.targets, data.train.samples.count);
  // Without labels every split of a data set is the whole of it, and targets belong to all training samples.
  if (!request.targets.empty() || !has_labels(data.train.samples)) {
    const double fraction = request.valid_fraction.value_or(kUnlabelledFraction);
    if (fraction > 0) deal_out(data, fraction);
  } else if (request.valid_fraction.value_or(1) > 0 &&
             loaded.info.counts[static_cast<std::size_t>(data::Split::kValid)] > 0) {
    load.max_count = std::numeric_limits<std::size_t>::max();
    data.valid.samples = dataset->load(data::Split::kValid, load);
  }
  data.normalization = request.normalize == "auto" ? measured_normalization(data.train.samples)
                                                   : data::parse_normalization(request.normalize);
  return loaded;
}

}  // namespace mote::train
