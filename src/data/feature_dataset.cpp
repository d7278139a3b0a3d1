#include "data/feature_dataset.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "data/audio_features.h"

namespace mote::data {

namespace {

class FeatureDataset : public Dataset {
 public:
  FeatureDataset(DatasetInfo info, std::unique_ptr<Dataset> sounds, AudioFeatures features)
      : Dataset(std::move(info)), sounds_(std::move(sounds)), features_(std::move(features)) {}

  Samples read(Split split, std::span<const std::size_t> indices, const Shape& wanted) const override {
    const Shape shape = wanted.empty() ? info().shape : wanted;
    const std::size_t width = element_count(shape);
    const auto columns = static_cast<std::size_t>(features_.columns());
    if (width % columns != 0)
      throw UserError(
          {"the features do not fit the network", info().name,
           "a row has " + std::to_string(columns) + " features, the network takes " + shape_text(shape),
           "give the features as many bins or coefficients as the network has columns"});
    const auto length = static_cast<std::int64_t>(width / columns) * features_.hop();
    const Samples sounds = sounds_->read(split, indices, {length, 1});
    Samples samples = allocate_samples(ElementKind::kTensor, shape, indices.size());
    samples.labels = sounds.labels;
    parallel_for(indices.size(), [&](std::size_t, std::size_t i) {
      const auto sound = std::span(sounds.values)
                             .subspan(i * static_cast<std::size_t>(length), static_cast<std::size_t>(length));
      std::vector<std::int16_t> pulses(sound.size());
      std::transform(sound.begin(), sound.end(), pulses.begin(), [](float x) {
        return static_cast<std::int16_t>(std::lround(std::clamp(x * 32768, -32768.0F, 32767.0F)));
      });
      const std::vector<std::int16_t> rows = features_.rows(pulses);
      std::transform(rows.begin(), rows.end(),
                     samples.values.begin() + static_cast<std::ptrdiff_t>(i * width),
                     [&](std::int16_t q) { return features_.scale() * static_cast<float>(q); });
    });
    return samples;
  }

 private:
  std::unique_ptr<Dataset> sounds_;
  AudioFeatures features_;
};

}  // namespace

std::unique_ptr<Dataset> with_audio_features(std::unique_ptr<Dataset> sounds, const std::string& features) {
  DatasetInfo info = sounds->info();
  if (info.kind != ElementKind::kAudio)
    throw UserError({"audio features of data that are no sounds", info.name,
                     std::string("its samples are of the kind ") + element_kind_name(info.kind),
                     "leave features out"});
  const AudioFeatureOptions options = parse_audio_features(features);
  AudioFeatures computed(options, info.sample_rate_hz);
  const auto length = options.seconds > 0 ? std::llround(options.seconds * info.sample_rate_hz)
                                          : static_cast<long long>(info.shape.at(0));
  info.kind = ElementKind::kTensor;
  info.format += ", " + features;
  info.shape = {std::max<std::int64_t>(1, length / computed.hop()), computed.columns(), 1};
  return std::make_unique<FeatureDataset>(std::move(info), std::move(sounds), std::move(computed));
}

}  // namespace mote::data
