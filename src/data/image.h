// Pictures: decoding of JPEG, PNG, BMP and PGM/PPM from memory, encoding to PNG, and conversion to another
// size or number of channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mote::data {

struct Image {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 0;          // 1 grey or 3 red, green, blue
  std::vector<std::uint8_t> pixels;  // height, width, channels

  bool operator==(const Image&) const = default;
};

// Does the file name end like a picture that decode_image() reads?
bool is_image_name(std::string_view path);

// Decodes by content, not by name; `name` stands in the errors. Alpha is dropped, 16-bit samples become
// 8-bit. JPEG is decoded by libjpeg with its default transform and chroma upsampling, so pixels equal those
// of most tools. Throws UserError for damaged or cut-off files, other formats, and more than kMaxPixels.
inline constexpr std::size_t kMaxPixels = std::size_t{1} << 26;
Image decode_image(std::span<const std::byte> file, const std::string& name);

// The decoders of the formats that need no library; used by decode_image().
Image decode_bmp(std::span<const std::byte> file,
                 const std::string& name);  // uncompressed, 8-bit palette, 24- or 32-bit
Image decode_pnm(std::span<const std::byte> file,
                 const std::string& name);  // P2, P3, P5, P6 with at most 8 bits

std::vector<std::byte> encode_png(const Image& image);

enum class Resize { kBilinear, kNearest };

// Stretches to the size, with half-pixel centres. Bilinear shrinking averages over the pixels that fall
// together (a triangle filter as wide as the step), so it does not alias. Grey is repeated to colour; colour
// becomes grey by ITU-R BT.601 luma.
Image convert_image(const Image& image, std::size_t height, std::size_t width, std::size_t channels,
                    Resize resize = Resize::kBilinear);

[[noreturn]] void refuse_image(const std::string& name, const std::string& why);

}  // namespace mote::data
