#include "train/augment.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"

namespace mote::train {

namespace {

constexpr double kMaxPixels = 4096;

[[noreturn]] void malformed(const std::string& text, const std::string& why) {
  throw UserError({"unknown augmentation", text, why,
                   "name some of flip, shift-crop=4, cutout=8, mixup=0.2, time-shift=10, noise=0.1, "
                   "mask-time=10, mask-bins=4, with commas between"});
}

double number_of(const std::string& value, const std::string& text, double most) {
  double number = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (code != std::errc() || end != value.data() + value.size() || !(number > 0 && number <= most))
    malformed(text, "'" + value + "' is not a number above 0 and up to " + format_double(most));
  return number;
}

int whole_of(const std::string& value, const std::string& text) {
  const double number = number_of(value, text, kMaxPixels);
  if (number != std::floor(number)) malformed(text, "'" + value + "' is not a whole number");
  return static_cast<int>(number);
}

struct Extent {
  std::int64_t rows, columns, channels;
};

// Pictures are H,W,C; features are time, bins, and the rest.
Extent extent_of(const data::Shape& shape, std::size_t size) {
  const std::int64_t rows = shape.empty() ? 1 : shape[0];
  const std::int64_t columns = shape.size() < 2 ? 1 : shape[1];
  return {rows, columns, static_cast<std::int64_t>(size) / (rows * columns)};
}

// Moves the picture by (down, right), mirrored where asked for.
void move_picture(std::span<float> sample, const Extent& e, std::int64_t down, std::int64_t right,
                  bool mirrored, std::vector<float>& scratch) {
  scratch.assign(sample.begin(), sample.end());
  std::fill(sample.begin(), sample.end(), 0.0F);
  for (std::int64_t y = std::max<std::int64_t>(0, down); y < std::min(e.rows, e.rows + down); ++y) {
    const float* from = scratch.data() + (y - down) * e.columns * e.channels;
    float* to = sample.data() + y * e.columns * e.channels;
    const std::int64_t first = std::max<std::int64_t>(0, right);
    const std::int64_t last = std::min(e.columns, e.columns + right);
    if (!mirrored) {
      std::copy(from + (first - right) * e.channels, from + (last - right) * e.channels,
                to + first * e.channels);
      continue;
    }
    for (std::int64_t x = first; x < last; ++x)
      std::copy_n(from + (e.columns - 1 - (x - right)) * e.channels, e.channels, to + x * e.channels);
  }
}

// Rows [y, y + height) and columns [x, x + width), cut to the picture, become 0.
void clear_box(std::span<float> sample, const Extent& e, std::int64_t y, std::int64_t height, std::int64_t x,
               std::int64_t width) {
  const std::int64_t left = std::clamp<std::int64_t>(x, 0, e.columns);
  const std::int64_t right = std::clamp<std::int64_t>(x + width, 0, e.columns);
  for (std::int64_t row = std::max<std::int64_t>(0, y); row < std::min(e.rows, y + height); ++row)
    std::fill(sample.begin() + (row * e.columns + left) * e.channels,
              sample.begin() + (row * e.columns + right) * e.channels, 0.0F);
}

// One stripe of up to `most` out of `extent`: where it begins and how wide it is.
struct Stripe {
  std::int64_t begin, width;
};
Stripe random_stripe(std::int64_t extent, int most, Rng& rng) {
  const std::int64_t width = rng.integer(0, std::min<std::int64_t>(most, extent));
  return {rng.integer(0, extent - width), width};
}

// Marsaglia, Tsang 2000, "A simple method for generating gamma variables"; below 1 by their boost.
double gamma_variable(double shape, Rng& rng) {
  if (shape < 1) {
    const double u = 1 - rng.uniform();
    return gamma_variable(shape + 1, rng) * std::pow(u, 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  for (;;) {
    const double x = rng.normal();
    const double root = 1 + x / std::sqrt(9 * d);
    const double v = root * root * root;
    if (v > 0 && std::log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

}  // namespace

Augmentation parse_augmentation(const std::string& text) {
  Augmentation a;
  if (text.empty() || text == "none") return a;
  for (const std::string& item : split(text, ',')) {
    const std::size_t equals = item.find('=');
    const std::string key = item.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : item.substr(equals + 1);
    if (key == "flip" && equals == std::string::npos) {
      a.flip = true;
    } else if (key == "shift-crop") {
      a.shift_crop = whole_of(value, text);
    } else if (key == "cutout") {
      a.cutout = whole_of(value, text);
    } else if (key == "mixup") {
      a.mixup = number_of(value, text, 10);
    } else if (key == "time-shift") {
      a.time_shift = whole_of(value, text);
    } else if (key == "noise") {
      a.noise = number_of(value, text, 1000);
    } else if (key == "mask-time") {
      a.mask_time = whole_of(value, text);
    } else if (key == "mask-bins") {
      a.mask_bins = whole_of(value, text);
    } else {
      malformed(text, "there is no '" + item + "'");
    }
  }
  return a;
}

std::string format_augmentation(const Augmentation& a) {
  std::vector<std::string> parts;
  const auto add = [&](const char* key, double value) {
    if (value > 0) parts.push_back(std::string(key) + "=" + format_double(value));
  };
  if (a.flip) parts.emplace_back("flip");
  add("shift-crop", a.shift_crop);
  add("cutout", a.cutout);
  add("mixup", a.mixup);
  add("time-shift", a.time_shift);
  add("noise", a.noise);
  add("mask-time", a.mask_time);
  add("mask-bins", a.mask_bins);
  return parts.empty() ? "none" : join(parts, ",");
}

void check_augmentation(const Augmentation& a, const data::Shape& shape) {
  const bool picture = a.flip || a.shift_crop > 0 || a.cutout > 0;
  const std::size_t axes = picture ? 3 : a.mask_bins > 0 ? 2 : a.time_shift > 0 || a.mask_time > 0 ? 1 : 0;
  if (shape.size() >= axes && (!picture || shape.size() == 3)) return;
  throw UserError(
      {"the samples cannot be augmented so", format_augmentation(a),
       "a sample is " + data::shape_text(shape) +
           (picture ? ", not a picture of height x width x channels" : ", without an axis for time or bins"),
       "choose other augmentations"});
}

Rng sample_rng(std::uint64_t seed, std::uint64_t epoch, std::uint64_t index) {
  return Rng(Hash64().number(seed).number(epoch).number(index).value());
}

void augment(std::span<float> sample, const data::Shape& shape, const Augmentation& a,
             std::vector<float>& scratch, Rng& rng) {
  const Extent e = extent_of(shape, sample.size());
  if (a.flip || a.shift_crop > 0) {
    const bool mirrored = a.flip && rng.chance(0.5);
    const std::int64_t down = rng.integer(-a.shift_crop, a.shift_crop);
    const std::int64_t right = rng.integer(-a.shift_crop, a.shift_crop);
    if (mirrored || down != 0 || right != 0) move_picture(sample, e, down, right, mirrored, scratch);
  }
  if (a.cutout > 0) {
    const std::int64_t y = rng.integer(0, e.rows - 1) - a.cutout / 2;
    const std::int64_t x = rng.integer(0, e.columns - 1) - a.cutout / 2;
    clear_box(sample, e, y, a.cutout, x, a.cutout);
  }
  if (a.time_shift > 0) {
    const std::int64_t down = rng.integer(-a.time_shift, a.time_shift);
    if (down != 0) move_picture(sample, e, down, 0, false, scratch);
  }
  if (a.noise > 0)
    for (float& value : sample) value += static_cast<float>(a.noise * rng.normal());
  if (a.mask_time > 0) {
    const Stripe stripe = random_stripe(e.rows, a.mask_time, rng);
    clear_box(sample, e, stripe.begin, stripe.width, 0, e.columns);
  }
  if (a.mask_bins > 0) {
    const Stripe stripe = random_stripe(e.columns, a.mask_bins, rng);
    clear_box(sample, e, 0, e.rows, stripe.begin, stripe.width);
  }
}

double mixup_share(double alpha, Rng& rng) {
  const double a = gamma_variable(alpha, rng);
  const double b = gamma_variable(alpha, rng);
  return a + b > 0 ? a / (a + b) : 0.5;
}

}  // namespace mote::train
