#include "data/image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "base/error.h"
#include "base/rng.h"
#include "tests/data/bytes.h"

namespace mote::data {
namespace {

Image random_image(std::size_t height, std::size_t width, std::size_t channels) {
  Image image{height, width, channels, {}};
  Rng rng(height * 100 + width);
  for (std::size_t i = 0; i < height * width * channels; ++i) {
    image.pixels.push_back(static_cast<std::uint8_t>(rng.integer(0, 255)));
  }
  return image;
}

std::vector<std::byte> encode_jpeg(const Image& image, int quality, bool progressive = false) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = static_cast<int>(image.channels);
  info.in_color_space = image.channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPROW>(&image.pixels[info.next_scanline * image.width * image.channels]);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::vector<std::byte> file(size);
  std::copy_n(reinterpret_cast<std::byte*>(buffer), size, file.begin());
  std::free(buffer);
  return file;
}

std::string bmp(int width, int height, int bits, const std::string& palette, const std::string& rows) {
  const auto data_at = static_cast<std::uint32_t>(54 + palette.size());
  return "BM" + little(0, 8) + little(data_at, 4) + little(40, 4) +
         little(static_cast<std::uint32_t>(width), 4) + little(static_cast<std::uint32_t>(height), 4) +
         little(1, 2) + little(static_cast<std::uint32_t>(bits), 2) + little(0, 4) + little(0, 4) +
         little(0, 8) + little(static_cast<std::uint32_t>(palette.size() / 4), 4) + little(0, 4) + palette +
         rows;
}

TEST(Image, PngRoundTripsExactly) {
  for (const std::size_t channels : {1U, 3U}) {
    const Image image = random_image(5, 7, channels);
    EXPECT_EQ(decode_image(encode_png(image), "png"), image);
  }
}

TEST(Image, JpegDecodesNearTheOriginal) {
  for (const std::size_t channels : {1U, 3U}) {
    Image image{16, 24, channels, {}};
    for (std::size_t i = 0; i < 16 * 24 * channels; ++i) {
      image.pixels.push_back(static_cast<std::uint8_t>(i / channels % 24 * 8 + i / channels / 24 * 3));
    }
    const Image back = decode_image(encode_jpeg(image, 95), "jpeg");
    ASSERT_EQ(back.pixels.size(), image.pixels.size());
    EXPECT_EQ(back.channels, channels);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) EXPECT_NEAR(back.pixels[i], image.pixels[i], 12);
  }
}

TEST(Image, CutOffFilesAreErrors) {
  const Image image = random_image(16, 16, 3);
  for (const auto& file : {encode_jpeg(image, 80), encode_png(image)}) {
    for (std::size_t size = 0; size < file.size() - 20; size += 7) {
      EXPECT_THROW(decode_image(std::span(file).first(size), "cut"), UserError)
          << size << " of " << file.size();
    }
  }
}

TEST(Image, FlippedBytesNeverCrash) {
  const Image image = random_image(16, 16, 3);
  Rng rng(1);
  for (const auto& file : {encode_jpeg(image, 80), encode_png(image)}) {
    for (int trial = 0; trial < 300; ++trial) {
      auto damaged = file;
      for (int i = 0; i < 3; ++i) {
        const auto at = static_cast<std::size_t>(rng.integer(4, static_cast<std::int64_t>(file.size()) - 1));
        damaged[at] = static_cast<std::byte>(rng.integer(0, 255));
      }
      try {
        decode_image(damaged, "flipped");
      } catch (const UserError&) {  // the only way out besides a picture
      }
    }
  }
}

// Each scan costs a pass over all pixels, however few bytes it has.
TEST(Image, EndlessScansAreAnError) {
  const auto file = encode_jpeg(random_image(16, 16, 1), 80, true);
  EXPECT_EQ(decode_image(file, "progressive").pixels.size(), 256U);
  // the scan that refines the constant parts (coefficients 0 to 0, bit 1 to 0): 10 bytes of header, 4 bits
  const std::array fine = {std::byte{0}, std::byte{0}, std::byte{0x10}};
  const auto scan = std::find_end(file.begin(), file.end(), fine.begin(), fine.end()) - 7;
  std::vector<std::byte> endless(file.begin(), scan);
  for (int i = 0; i < 200; ++i) endless.insert(endless.end(), scan, scan + 11);
  endless.insert(endless.end(), scan, file.end());
  try {
    decode_image(endless, "endless");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(error.parts().why.find("scans"), std::string::npos) << error.what();
  }
}

TEST(Image, BmpWithColoursBottomUp) {
  // 1 wide, 2 high; rows padded to 4 bytes; the lower row first
  const Image image =
      decode_image(bytes_of(bmp(1, 2, 24, "", std::string("\x01\x02\x03\0\x04\x05\x06\0", 8))), "bmp");
  EXPECT_EQ(image, (Image{2, 1, 3, {6, 5, 4, 3, 2, 1}}));
  const Image top_down =
      decode_image(bytes_of(bmp(1, -2, 32, "", "\x01\x02\x03\x09\x04\x05\x06\x09")), "bmp");
  EXPECT_EQ(top_down, (Image{2, 1, 3, {3, 2, 1, 6, 5, 4}}));
}

TEST(Image, BmpWithPaletteIsGreyWhenThePaletteIs) {
  const std::string grey("\x0a\x0a\x0a\0\x14\x14\x14\0", 8);
  EXPECT_EQ(decode_image(bytes_of(bmp(2, 1, 8, grey, std::string("\x01\0\0\0", 4))), "bmp"),
            (Image{1, 2, 1, {20, 10}}));
  const std::string colour("\x01\x02\x03\0\x14\x14\x14\0", 8);
  EXPECT_EQ(decode_image(bytes_of(bmp(1, 1, 8, colour, std::string(4, '\0'))), "bmp"),
            (Image{1, 1, 3, {3, 2, 1}}));
  EXPECT_THROW(decode_image(bytes_of(bmp(1, 1, 8, grey, "\x02\0\0\0")), "outside the palette"), UserError);
}

TEST(Image, PnmInBothForms) {
  EXPECT_EQ(decode_image(bytes_of("P5\n# comment\n2 1\n255\nab"), "pgm"), (Image{1, 2, 1, {'a', 'b'}}));
  EXPECT_EQ(decode_image(bytes_of("P3 1 1 15 0 5 15"), "ppm"), (Image{1, 1, 3, {0, 85, 255}}));
  for (const char* text :
       {"P5", "P5 2 1 255 a", "P5 0 1 255 ", "P5 1 1 65535 ab", "P3 1 1 15 0 5", "P2 1 1 3 9", "P7 1 1 1 a",
        "P5 99999999 99999999 255 x", "P3 30000 1000 255 1 1"}) {
    EXPECT_THROW(decode_image(bytes_of(text), "pnm"), UserError) << text;
  }
}

TEST(Image, BmpHeadersThatLie) {
  EXPECT_THROW(decode_image(bytes_of("BM"), "short"), UserError);
  EXPECT_THROW(decode_image(bytes_of(bmp(100000, 100000, 24, "", "abc")), "huge"), UserError);
  EXPECT_THROW(decode_image(bytes_of(bmp(4, INT32_MIN, 24, "", "abc")), "negative"), UserError);
  EXPECT_THROW(decode_image(bytes_of(bmp(4, 4, 4, "", "abc")), "bits"), UserError);
}

TEST(Image, ConvertsChannelsAndSize) {
  const Image red{1, 1, 3, {255, 0, 0}};
  EXPECT_EQ(convert_image(red, 1, 1, 1).pixels, std::vector<std::uint8_t>{76});
  const Image grey{1, 2, 1, {10, 20}};
  EXPECT_EQ(convert_image(grey, 1, 2, 3).pixels, (std::vector<std::uint8_t>{10, 10, 10, 20, 20, 20}));
  EXPECT_EQ(convert_image(grey, 1, 4, 1).pixels,
            (std::vector<std::uint8_t>{10, 13, 18, 20}));  // 10, 12.5, 17.5, 20
  EXPECT_EQ(convert_image(grey, 2, 4, 1, Resize::kNearest).pixels,
            (std::vector<std::uint8_t>{10, 10, 20, 20, 10, 10, 20, 20}));
  // shrinking a fine checkerboard gives its mean, not one of its colours
  Image board{8, 8, 1, {}};
  for (std::size_t i = 0; i < 64; ++i) board.pixels.push_back((i + i / 8) % 2 == 0 ? 0 : 200);
  for (const std::uint8_t pixel : convert_image(board, 2, 2, 1).pixels) EXPECT_NEAR(pixel, 100, 15);
}

}  // namespace
}  // namespace mote::data
