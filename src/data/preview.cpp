#include "data/preview.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "data/image.h"

namespace mote::data {
namespace {

constexpr std::size_t kSmallSide = 64;  // images below this are enlarged
constexpr std::uint8_t kLineGrey = 128;

}  // namespace

void write_preview_png(const Samples& samples, std::size_t rows, std::size_t columns,
                       const std::filesystem::path& path) {
  const Shape& shape = samples.shape;
  if (samples.kind != ElementKind::kImage || shape.size() != 3 || (shape[2] != 1 && shape[2] != 3)) {
    throw UserError(
        {"cannot draw a preview", path.string(),
         std::string("the samples are ") + element_kind_name(samples.kind) + "s of " + shape_text(shape),
         "choose a data set of grey or colour images"});
  }
  MOTE_CHECK(rows > 0 && columns > 0);
  const auto height = static_cast<std::size_t>(shape[0]);
  const auto width = static_cast<std::size_t>(shape[1]);
  const auto channels = static_cast<std::size_t>(shape[2]);
  const std::size_t factor = std::max<std::size_t>(1, kSmallSide / std::max(height, width));
  const std::size_t cell_height = height * factor + 1;
  const std::size_t cell_width = width * factor + 1;
  Image sheet{rows * cell_height, columns * cell_width, channels, {}};
  sheet.pixels.assign(sheet.height * sheet.width * channels, kLineGrey);
  for (std::size_t i = 0; i < std::min(samples.count, rows * columns); ++i) {
    const std::uint8_t* image = &samples.pixels[i * height * width * channels];
    const std::size_t top = i / columns * cell_height;
    const std::size_t left = i % columns * cell_width;
    for (std::size_t y = 0; y < height * factor; ++y) {
      for (std::size_t x = 0; x < width * factor; ++x) {
        std::copy_n(image + (y / factor * width + x / factor) * channels, channels,
                    &sheet.pixels[((top + y) * sheet.width + left + x) * channels]);
      }
    }
  }
  write_file(path, encode_png(sheet));
}

}  // namespace mote::data
