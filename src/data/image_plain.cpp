// BMP and PGM/PPM: formats simple enough to need no library.
#include <array>
#include <optional>

#include "data/image.h"

namespace mote::data {
namespace {

std::uint32_t little_endian(std::span<const std::byte> file, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= std::to_integer<std::uint32_t>(file[at + i]) << (8 * i);
  return value;
}

struct BmpHeader {
  std::size_t width, height, bits, row_bytes;
  bool bottom_up;
  std::span<const std::byte> palette, rows;  // palette: 4 bytes each, blue first
};

// BITMAPFILEHEADER and BITMAPINFOHEADER of the Windows documentation; later headers only append fields.
BmpHeader bmp_header(std::span<const std::byte> file, const std::string& name) {
  constexpr std::size_t kHeaderBytes = 54;
  constexpr std::uint32_t kUncompressed = 0;
  constexpr std::uint32_t kBitFields = 3;  // 32 bits with masks; the usual masks are what kUncompressed means
  if (file.size() < kHeaderBytes) refuse_image(name, "it ends inside its header");
  const std::size_t data_at = little_endian(file, 10, 4);
  const std::size_t info_bytes = little_endian(file, 14, 4);
  const auto width = static_cast<std::int32_t>(little_endian(file, 18, 4));
  const auto height = static_cast<std::int32_t>(little_endian(file, 22, 4));
  const std::size_t bits = little_endian(file, 28, 2);
  const std::uint32_t compression = little_endian(file, 30, 4);
  if (info_bytes < 40 || (bits != 8 && bits != 24 && bits != 32) ||
      (compression != kUncompressed && !(compression == kBitFields && bits == 32))) {
    refuse_image(name, "only uncompressed BMP with 8, 24 or 32 bits a pixel is read");
  }
  const std::int64_t rows = height < 0 ? -std::int64_t{height} : height;
  if (width <= 0 || rows == 0 ||
      static_cast<std::size_t>(rows) > kMaxPixels / static_cast<std::size_t>(width)) {
    refuse_image(name, "its size is not supported");
  }
  BmpHeader header{
      static_cast<std::size_t>(width), static_cast<std::size_t>(rows), bits, 0, height > 0, {}, {}};
  header.row_bytes = (header.width * bits + 31) / 32 * 4;
  if (data_at > file.size() || header.row_bytes * header.height > file.size() - data_at) {
    refuse_image(name, "it ends inside its pixels");
  }
  header.rows = file.subspan(data_at);
  if (bits == 8) {
    const std::size_t colours = little_endian(file, 46, 4) == 0 ? 256 : little_endian(file, 46, 4);
    const std::size_t palette_at = 14 + info_bytes;
    if (colours > 256 || palette_at > file.size() || colours * 4 > file.size() - palette_at) {
      refuse_image(name, "its palette is damaged");
    }
    header.palette = file.subspan(palette_at, colours * 4);
  }
  return header;
}

bool is_grey(std::span<const std::byte> palette) {
  for (std::size_t i = 0; i < palette.size(); i += 4) {
    if (palette[i] != palette[i + 1] || palette[i] != palette[i + 2]) return false;
  }
  return true;
}

// Reads the numbers of a PNM header or of its text form: blanks and comments between them.
class PnmText {
 public:
  PnmText(std::span<const std::byte> file, const std::string& name) : file_(file), name_(name) {}

  std::size_t number() {
    for (; at_ < file_.size() && (is_blank(at_) || byte(at_) == '#'); ++at_) {
      if (byte(at_) != '#') continue;
      while (at_ < file_.size() && byte(at_) != '\n') ++at_;
    }
    std::size_t value = 0;
    const std::size_t begin = at_;
    for (; at_ < file_.size() && byte(at_) >= '0' && byte(at_) <= '9'; ++at_) {
      value = value * 10 + static_cast<std::size_t>(byte(at_) - '0');
      if (value > kMaxPixels) refuse_image(name_, "a number in it is too large");
    }
    if (at_ == begin) refuse_image(name_, "it ends early or holds something else where a number is due");
    return value;
  }
  std::size_t position() const { return at_; }

 private:
  char byte(std::size_t i) const { return static_cast<char>(file_[i]); }
  bool is_blank(std::size_t i) const {
    return byte(i) == ' ' || byte(i) == '\n' || byte(i) == '\t' || byte(i) == '\r';
  }
  std::span<const std::byte> file_;
  const std::string& name_;
  std::size_t at_ = 2;  // after the magic
};

}  // namespace

Image decode_bmp(std::span<const std::byte> file, const std::string& name) {
  const BmpHeader header = bmp_header(file, name);
  const std::size_t channels = header.bits == 8 && is_grey(header.palette) ? 1 : 3;
  Image image{header.height, header.width, channels, {}};
  image.pixels.reserve(header.height * header.width * channels);
  for (std::size_t y = 0; y < header.height; ++y) {
    const std::size_t row = header.bottom_up ? header.height - 1 - y : y;
    const auto line = header.rows.subspan(row * header.row_bytes, header.row_bytes);
    for (std::size_t x = 0; x < header.width; ++x) {
      std::span<const std::byte> colour;  // blue, green, red
      if (header.bits == 8) {
        const std::size_t entry = std::to_integer<std::size_t>(line[x]) * 4;
        if (entry >= header.palette.size()) refuse_image(name, "a pixel lies outside its palette");
        colour = header.palette.subspan(entry, 3);
      } else {
        colour = line.subspan(x * header.bits / 8, 3);
      }
      for (std::size_t c = 0; c < channels; ++c)
        image.pixels.push_back(std::to_integer<std::uint8_t>(colour[2 - c]));
    }
  }
  return image;
}

Image decode_pnm(std::span<const std::byte> file, const std::string& name) {
  const char form = file.size() > 1 ? static_cast<char>(file[1]) : '0';
  if (form != '2' && form != '3' && form != '5' && form != '6')
    refuse_image(name, "only P2, P3, P5 and P6 are read");
  PnmText text(file, name);
  Image image;
  image.width = text.number();
  image.height = text.number();
  image.channels = form == '3' || form == '6' ? 3 : 1;
  const std::size_t top = text.number();
  if (top == 0 || top > 255)
    refuse_image(name, "its largest value " + std::to_string(top) + " is not in 1..255");
  if (image.width == 0 || image.height == 0 || image.height > kMaxPixels / image.width) {
    refuse_image(name, "its size is not supported");
  }
  const std::size_t count = image.height * image.width * image.channels;
  const bool binary = form == '5' || form == '6';
  const std::size_t data_at = text.position() + 1;  // one blank ends the header
  // A number of the text form takes two bytes at least, so a false header cannot make us reserve much.
  if (data_at + (binary ? count : 2 * count - 2) > file.size())
    refuse_image(name, "it ends inside its pixels");
  image.pixels.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t value = binary ? std::to_integer<std::size_t>(file[data_at + i]) : text.number();
    if (value > top) refuse_image(name, "a pixel exceeds its stated largest value");
    image.pixels.push_back(static_cast<std::uint8_t>((value * 255 + top / 2) / top));
  }
  return image;
}

}  // namespace mote::data
