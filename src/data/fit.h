// Giving samples the shape that a network wants.
//
// - Images are resized and converted between grey and colour: to H,W,C (C 1 or 3), to H,W, or to a flat shape
//   with as many elements as the stored image, or as its grey form.
// - Audio is cut at the end or filled up with zeros: to any shape whose product is the number of frames,
//   times the channels where the last dimension names them; otherwise the channels are averaged.
// - Tensors keep their number of elements and take any shape of it.
//
// A leading 1 (the batch) is ignored where the shape is otherwise too long. What cannot be mended is a
// UserError.
#pragma once

#include "data/image.h"
#include "data/samples.h"

namespace mote::data {

struct ImageSize {
  std::size_t height, width, channels;
};

// The picture that `wanted` asks for, given the stored H,W,C.
ImageSize image_size_for(const Shape& wanted, const Shape& stored);

// Frames and channels of the sound that `wanted` asks for, given the stored T,C.
struct AudioSize {
  std::size_t frames, channels;
};
AudioSize audio_size_for(const Shape& wanted, const Shape& stored);

// Writes `frames` (interleaved, `from` channels) into `out` of the wanted size.
void fit_audio(std::span<const float> frames, std::size_t from_channels, const AudioSize& size,
               std::span<float> out);

// The samples with every one in the wanted shape; empty `wanted` changes nothing.
Samples fit_samples(Samples samples, const Shape& wanted);

}  // namespace mote::data
