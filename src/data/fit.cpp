#include "data/fit.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"

namespace mote::data {
namespace {

[[noreturn]] void mismatch(const char* kind, const Shape& stored, const Shape& wanted) {
  throw UserError({"the data set does not fit the network",
                   std::string("one sample is ") + kind + " of shape " + shape_text(stored),
                   "the network wants " + shape_text(wanted),
                   "choose another data set, or convert it to that shape"});
}

Shape without_batch(const Shape& shape, std::size_t rank) {
  if (shape.size() > rank && shape.front() == 1) return {shape.begin() + 1, shape.end()};
  return shape;
}

std::size_t dim(std::int64_t value) { return static_cast<std::size_t>(value); }

}  // namespace

ImageSize image_size_for(const Shape& wanted, const Shape& stored) {
  MOTE_CHECK(stored.size() == 3);
  const ImageSize same{dim(stored[0]), dim(stored[1]), dim(stored[2])};
  if (wanted.empty()) return same;
  const Shape shape = without_batch(wanted, 3);
  if (shape.size() == 3 && (shape[2] == 1 || shape[2] == 3))
    return {dim(shape[0]), dim(shape[1]), dim(shape[2])};
  const std::size_t count = element_count(shape);
  if (count == element_count(stored)) return same;
  if (count == same.height * same.width) return {same.height, same.width, 1};
  if (shape.size() == 3 && shape[0] == 1) return {dim(shape[1]), dim(shape[2]), 1};
  if (shape.size() == 2 && shape[0] > 1 && shape[1] > 1) return {dim(shape[0]), dim(shape[1]), 1};
  mismatch("an image", stored, wanted);
}

AudioSize audio_size_for(const Shape& wanted, const Shape& stored) {
  MOTE_CHECK(stored.size() == 2);
  const std::size_t channels = dim(stored[1]);
  if (wanted.empty()) return {dim(stored[0]), channels};
  const std::size_t count = element_count(wanted);
  if (channels == 1 || wanted.back() != stored[1]) return {count, 1};
  return {count / channels, channels};
}

void fit_audio(std::span<const float> frames, std::size_t from_channels, const AudioSize& size,
               std::span<float> out) {
  MOTE_CHECK(out.size() == size.frames * size.channels);
  std::fill(out.begin(), out.end(), 0.0F);
  const std::size_t count = std::min(size.frames, frames.size() / from_channels);
  for (std::size_t t = 0; t < count; ++t) {
    const auto frame = frames.subspan(t * from_channels, from_channels);
    if (size.channels == from_channels) {
      std::copy(frame.begin(), frame.end(), &out[t * from_channels]);
    } else {
      float sum = 0;
      for (const float value : frame) sum += value;
      std::fill_n(&out[t * size.channels], size.channels, sum / static_cast<float>(from_channels));
    }
  }
}

Samples fit_samples(Samples samples, const Shape& wanted) {
  if (wanted.empty() || wanted == samples.shape) return samples;
  const std::size_t size = element_count(wanted);
  if (samples.kind == ElementKind::kTensor) {
    if (size != samples.sample_size()) mismatch("a tensor", samples.shape, wanted);
    samples.shape = wanted;
    return samples;
  }
  Samples fitted = allocate_samples(samples.kind, wanted, samples.count);
  fitted.labels = samples.labels;
  const std::size_t from = samples.sample_size();
  if (samples.kind == ElementKind::kAudio) {
    const AudioSize audio = audio_size_for(wanted, samples.shape);
    for (std::size_t i = 0; i < samples.count; ++i) {
      fit_audio(std::span(samples.values).subspan(i * from, from), dim(samples.shape[1]), audio,
                std::span(fitted.values).subspan(i * size, size));
    }
    return fitted;
  }
  const ImageSize target = image_size_for(wanted, samples.shape);
  parallel_for(samples.count, [&](std::size_t, std::size_t i) {
    Image image{dim(samples.shape[0]), dim(samples.shape[1]), dim(samples.shape[2]), {}};
    image.pixels.assign(&samples.pixels[i * from], &samples.pixels[i * from] + from);
    image = convert_image(image, target.height, target.width, target.channels);
    std::copy(image.pixels.begin(), image.pixels.end(), &fitted.pixels[i * size]);
  });
  return fitted;
}

}  // namespace mote::data
