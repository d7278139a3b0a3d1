#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/image.h"

namespace mote::data {
namespace {

Image with_channels(const Image& image, std::size_t channels) {
  MOTE_CHECK((image.channels == 1 || image.channels == 3) && (channels == 1 || channels == 3));
  if (image.channels == channels) return image;
  Image out{image.height, image.width, channels, {}};
  const std::size_t count = image.height * image.width;
  out.pixels.resize(count * channels);
  for (std::size_t p = 0; p < count; ++p) {
    if (channels == 3) {
      std::fill_n(&out.pixels[p * 3], 3, image.pixels[p]);
    } else {
      // BT.601: 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded
      const std::uint8_t* rgb = &image.pixels[p * 3];
      out.pixels[p] =
          static_cast<std::uint8_t>((19595U * rgb[0] + 38470U * rgb[1] + 7471U * rgb[2] + 32768U) >> 16);
    }
  }
  return out;
}

// The input positions that make one output position, along one axis.
struct Tap {
  std::size_t first;
  std::vector<double> weights;  // sum 1
};

std::vector<Tap> axis_taps(std::size_t from, std::size_t to, Resize resize) {
  std::vector<Tap> taps(to);
  const double step = static_cast<double>(from) / static_cast<double>(to);
  const double reach = std::max(1.0, step);
  for (std::size_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * step - 0.5;
    if (resize == Resize::kNearest) {
      taps[i] = {std::min(from - 1, static_cast<std::size_t>(std::max(0.0, std::floor(centre + 0.5)))),
                 {1.0}};
      continue;
    }
    const double last_at = std::min(static_cast<double>(from - 1), std::floor(centre + reach));
    const double first_at = std::max(0.0, std::ceil(centre - reach));
    taps[i].first = static_cast<std::size_t>(first_at);
    double sum = 0;
    for (std::size_t at = taps[i].first; static_cast<double>(at) <= last_at; ++at) {
      taps[i].weights.push_back(std::max(0.0, 1 - std::abs(static_cast<double>(at) - centre) / reach));
      sum += taps[i].weights.back();
    }
    for (double& weight : taps[i].weights) weight /= sum;
  }
  return taps;
}

Image with_size(const Image& image, std::size_t height, std::size_t width, Resize resize) {
  if (image.height == height && image.width == width) return image;
  const std::vector<Tap> columns = axis_taps(image.width, width, resize);
  const std::vector<Tap> rows = axis_taps(image.height, height, resize);
  const std::size_t channels = image.channels;
  std::vector<double> narrowed(image.height * width * channels, 0.0);
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      double* sum = &narrowed[(y * width + x) * channels];
      for (std::size_t t = 0; t < columns[x].weights.size(); ++t) {
        const std::uint8_t* pixel = &image.pixels[(y * image.width + columns[x].first + t) * channels];
        for (std::size_t c = 0; c < channels; ++c) sum[c] += columns[x].weights[t] * pixel[c];
      }
    }
  }
  Image out{height, width, channels, {}};
  out.pixels.resize(height * width * channels);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t i = 0; i < width * channels; ++i) {
      double sum = 0;
      for (std::size_t t = 0; t < rows[y].weights.size(); ++t) {
        sum += rows[y].weights[t] * narrowed[(rows[y].first + t) * width * channels + i];
      }
      out.pixels[y * width * channels + i] =
          static_cast<std::uint8_t>(std::lround(std::clamp(sum, 0.0, 255.0)));
    }
  }
  return out;
}

}  // namespace

Image convert_image(const Image& image, std::size_t height, std::size_t width, std::size_t channels,
                    Resize resize) {
  // the fewer channels, the less to resize
  if (channels < image.channels) return with_size(with_channels(image, channels), height, width, resize);
  return with_channels(with_size(image, height, width, resize), channels);
}

}  // namespace mote::data
