#include "data/image.h"

#include <jpeglib.h>
#include <png.h>

#include <jerror.h>  // needs jpeglib.h before it

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace mote::data {
namespace {

void check_size(std::size_t height, std::size_t width, const std::string& name) {
  if (height == 0 || width == 0 || height > kMaxPixels / width) {
    refuse_image(name, "its size of " + std::to_string(width) + " x " + std::to_string(height) +
                           " pixels is not supported");
  }
}

// libjpeg reports through callbacks; an error must not return, so it jumps back over frames that hold C data
// only.
struct JpegErrors {
  jpeg_error_mgr base;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

// A progressive file may go over all its pixels again for every few bytes it has: no picture needs many
// scans.
constexpr int kMaxScans = 100;

void on_jpeg_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  std::snprintf(errors->message, sizeof errors->message, "it has more than %d scans", kMaxScans);
  std::longjmp(errors->back, 1);
}

[[noreturn]] void on_jpeg_error(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  errors->base.format_message(info, errors->message);
  std::longjmp(errors->back, 1);
}

// Of the warnings (level -1) those count that leave pixels undecoded, which libjpeg would fill with grey.
void on_jpeg_message(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE)) {
    on_jpeg_error(info);
  }
}

// Parses the header into `info`, and decodes into `rows` when that is given. Returns false with
// errors.message set.
bool run_jpeg(jpeg_decompress_struct& info, JpegErrors& errors, std::span<const std::byte> file,
              std::uint8_t* pixels) {
  if (setjmp(errors.back) != 0) return false;
  if (pixels == nullptr) {
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
    jpeg_read_header(&info, TRUE);
    info.out_color_space = info.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_calc_output_dimensions(&info);
    return true;
  }
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + static_cast<std::size_t>(info.output_scanline) * info.output_width *
                                static_cast<std::size_t>(info.output_components);
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

Image decode_jpeg(std::span<const std::byte> file, const std::string& name) {
  jpeg_decompress_struct info{};
  JpegErrors errors{};
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = on_jpeg_error;
  errors.base.emit_message = on_jpeg_message;
  jpeg_progress_mgr progress{};
  progress.progress_monitor = on_jpeg_progress;
  struct Guard {
    jpeg_decompress_struct& info;
    ~Guard() { jpeg_destroy_decompress(&info); }
  } guard{info};
  if (!run_jpeg(info, errors, file, nullptr)) refuse_image(name, errors.message);
  info.progress = &progress;  // creating the decoder has cleared it
  check_size(info.output_height, info.output_width, name);
  Image image{info.output_height, info.output_width, info.out_color_space == JCS_GRAYSCALE ? 1U : 3U, {}};
  image.pixels.resize(image.height * image.width * image.channels);
  if (!run_jpeg(info, errors, file, image.pixels.data())) refuse_image(name, errors.message);
  return image;
}

Image decode_png(std::span<const std::byte> file, const std::string& name) {
  png_image info{};
  info.version = PNG_IMAGE_VERSION;
  struct Guard {
    png_image& info;
    ~Guard() { png_image_free(&info); }
  } guard{info};
  if (png_image_begin_read_from_memory(&info, file.data(), file.size()) == 0)
    refuse_image(name, info.message);
  check_size(info.height, info.width, name);
  info.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // otherwise 16-bit samples would be taken as linear light
  const std::size_t channels = (info.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1;
  const std::size_t stored = channels + ((info.format & PNG_FORMAT_FLAG_ALPHA) != 0 ? 1 : 0);
  info.format &= PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA;  // 8 bits each, no palette
  std::vector<std::uint8_t> rows(std::size_t{info.height} * info.width * stored);
  if (png_image_finish_read(&info, nullptr, rows.data(), 0, nullptr) == 0) refuse_image(name, info.message);
  Image image{info.height, info.width, channels, {}};
  if (stored == channels) {
    image.pixels = std::move(rows);
    return image;
  }
  image.pixels.reserve(rows.size() / stored * channels);
  for (std::size_t p = 0; p < rows.size(); p += stored) {
    image.pixels.insert(image.pixels.end(), &rows[p], &rows[p] + channels);
  }
  return image;
}

bool begins_with(std::span<const std::byte> file, std::string_view magic) {
  return file.size() >= magic.size() && std::memcmp(file.data(), magic.data(), magic.size()) == 0;
}

}  // namespace

void refuse_image(const std::string& name, const std::string& why) {
  throw UserError(
      {"cannot read the picture", name, why, "save it again as JPEG, PNG, BMP or PPM, or remove it"});
}

bool is_image_name(std::string_view path) {
  constexpr std::array<std::string_view, 8> kEndings = {".jpg", ".jpeg", ".png", ".bmp",
                                                        ".ppm", ".pgm",  ".pnm", ".jpe"};
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return false;
  std::string ending(path.substr(dot));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

Image decode_image(std::span<const std::byte> file, const std::string& name) {
  if (begins_with(file, "\xff\xd8")) return decode_jpeg(file, name);
  if (begins_with(file, "\x89PNG")) return decode_png(file, name);
  if (begins_with(file, "BM")) return decode_bmp(file, name);
  if (begins_with(file, "P")) return decode_pnm(file, name);
  refuse_image(name, "its content is neither JPEG, PNG, BMP nor PGM/PPM");
}

std::vector<std::byte> encode_png(const Image& image) {
  MOTE_CHECK(image.channels == 1 || image.channels == 3);
  png_image info{};
  info.version = PNG_IMAGE_VERSION;
  info.height = static_cast<png_uint_32>(image.height);
  info.width = static_cast<png_uint_32>(image.width);
  info.format = image.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(info);
  std::vector<std::byte> file(size);
  const int done = png_image_write_to_memory(&info, file.data(), &size, 0, image.pixels.data(), 0, nullptr);
  MOTE_CHECK(done != 0, info.message);
  file.resize(size);
  return file;
}

}  // namespace mote::data
