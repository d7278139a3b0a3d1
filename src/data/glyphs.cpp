#include "data/glyphs.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "data/glyph_strokes.h"

namespace mote::data {
namespace {

constexpr double kSide = static_cast<double>(kGlyphSide);
using Plane = std::array<double, kGlyphSide * kGlyphSide>;

// A smooth displacement: a few sine waves of random direction, about one period across the digit.
class Elastic {
 public:
  Elastic(Rng& rng, double strength) {
    for (Wave& wave : waves_) {
      const double direction = rng.uniform(0, 2 * std::numbers::pi);
      const double frequency = rng.uniform(1.5, 4.5);
      wave = {frequency * std::cos(direction), frequency * std::sin(direction),
              rng.uniform(0, 2 * std::numbers::pi), strength * rng.normal(), strength * rng.normal()};
    }
  }
  Point operator()(Point p) const {
    Point moved = p;
    for (const Wave& wave : waves_) {
      const double s = std::sin(wave.kx * p.x + wave.ky * p.y + wave.phase);
      moved.x += wave.dx * s;
      moved.y += wave.dy * s;
    }
    return moved;
  }

 private:
  struct Wave {
    double kx, ky, phase, dx, dy;
  };
  std::array<Wave, 3> waves_{};
};

// From the digit's box (-1..1 high) to pixels.
class Affine {
 public:
  explicit Affine(Rng& rng) {
    const double angle = rng.normal() * 0.16;
    const double shear = rng.normal() * 0.18;
    const double height = rng.uniform(6.6, 10.6);
    const double width = height * rng.uniform(0.75, 1.2);
    xx_ = width * std::cos(angle);
    xy_ = height * (shear * std::cos(angle) - std::sin(angle));
    yx_ = width * std::sin(angle);
    yy_ = height * (shear * std::sin(angle) + std::cos(angle));
    const double slack = (kSide - 2 * height) / 2 + 0.5;
    x_ = kSide / 2 + rng.uniform(-slack, slack);
    y_ = kSide / 2 + rng.uniform(-slack, slack) * 0.8;
  }
  Point operator()(Point p) const { return {x_ + xx_ * p.x + xy_ * p.y, y_ + yx_ * p.x + yy_ * p.y}; }

 private:
  double xx_, xy_, yx_, yy_, x_, y_;
};

double distance_squared(Point p, Point a, Point b) {
  const double abx = b.x - a.x;
  const double aby = b.y - a.y;
  const double length2 = abx * abx + aby * aby;
  const double t =
      length2 > 0 ? std::clamp(((p.x - a.x) * abx + (p.y - a.y) * aby) / length2, 0.0, 1.0) : 0.0;
  const double dx = p.x - a.x - t * abx;
  const double dy = p.y - a.y - t * aby;
  return dx * dx + dy * dy;
}

// Raises `cover` to the share of each pixel under a stroke: a ramp one pixel wide at the distance of half the
// stroke width.
void cover_segment(Plane& cover, Point a, Point b, double width, double strength) {
  const double reach = width / 2 + 0.5;
  const auto bound = [](double v) { return static_cast<std::size_t>(std::clamp(v, 0.0, kSide)); };
  const std::size_t y_end = bound(std::max(a.y, b.y) + reach + 1);
  const std::size_t x_end = bound(std::max(a.x, b.x) + reach + 1);
  for (std::size_t y = bound(std::min(a.y, b.y) - reach); y < y_end; ++y) {
    for (std::size_t x = bound(std::min(a.x, b.x) - reach); x < x_end; ++x) {
      const Point centre{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
      const double distance = std::sqrt(distance_squared(centre, a, b));
      double& value = cover[y * kGlyphSide + x];
      value = std::max(value, strength * std::clamp(reach - distance, 0.0, 1.0));
    }
  }
}

void draw_strokes(Plane& cover, std::size_t digit, Rng& rng) {
  const Strokes strokes = digit_strokes(digit, rng);
  const Elastic elastic(rng, rng.uniform(0.02, 0.075));
  const Affine affine(rng);
  const double width = rng.uniform(1.1, 3.2);
  for (const Stroke& stroke : strokes) {
    Point last = affine(elastic(stroke.front()));
    for (const Point& point : stroke) {
      const Point next = affine(elastic(point));
      cover_segment(cover, last, next, width, 1.0);
      last = next;
    }
  }
}

// Stray strokes: short, bent once, thinner than the digit's, anywhere.
void draw_clutter(Plane& cover, Rng& rng) {
  const std::int64_t count = rng.integer(0, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    Point at{rng.uniform(0, kSide), rng.uniform(0, kSide)};
    double direction = rng.uniform(0, 2 * std::numbers::pi);
    const double width = rng.uniform(0.8, 1.8);
    const double strength = rng.uniform(0.4, 0.9);
    for (int piece = 0; piece < 2; ++piece) {
      const double length = rng.uniform(1.0, 4.0);
      const Point next{at.x + length * std::cos(direction), at.y + length * std::sin(direction)};
      cover_segment(cover, at, next, width, strength);
      at = next;
      direction += rng.uniform(-1.0, 1.0);
    }
  }
}

// Soft spots, brighter or darker than the paper.
void draw_blobs(Plane& light, Rng& rng) {
  const std::int64_t count = rng.integer(0, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    const Point centre{rng.uniform(0, kSide), rng.uniform(0, kSide)};
    const double radius = rng.uniform(1.0, 4.5);
    const double strength = rng.uniform(-50, 80);
    for (std::size_t p = 0; p < light.size(); ++p) {
      const std::size_t row = p / kGlyphSide;
      const double dx = static_cast<double>(p % kGlyphSide) + 0.5 - centre.x;
      const double dy = static_cast<double>(row) + 0.5 - centre.y;
      light[p] += strength * std::exp(-(dx * dx + dy * dy) / (2 * radius * radius));
    }
  }
}

}  // namespace

void draw_glyph(std::size_t digit, Rng& rng, std::span<std::uint8_t> pixels) {
  MOTE_CHECK(digit < kGlyphClasses && pixels.size() == kGlyphSide * kGlyphSide);
  Plane cover{};
  draw_strokes(cover, digit, rng);
  draw_clutter(cover, rng);

  Plane light{};
  const double paper = rng.uniform(0, 70);
  const double slope_x = rng.uniform(-40, 40) / kSide;
  const double slope_y = rng.uniform(-40, 40) / kSide;
  for (std::size_t p = 0; p < light.size(); ++p) {
    const std::size_t row = p / kGlyphSide;
    light[p] = paper + slope_x * (static_cast<double>(p % kGlyphSide) - kSide / 2) +
               slope_y * (static_cast<double>(row) - kSide / 2);
  }
  draw_blobs(light, rng);
  const double contrast = rng.uniform(80, 190);
  const double noise = rng.uniform(3, 26);
  for (std::size_t p = 0; p < light.size(); ++p) {
    const double value = light[p] + contrast * cover[p] + noise * rng.normal();
    pixels[p] = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  }
}

Samples generate_glyphs(Split split, std::span<const std::size_t> indices, std::uint64_t seed) {
  const auto side = static_cast<std::int64_t>(kGlyphSide);
  Samples samples = allocate_samples(ElementKind::kImage, {side, side, 1}, indices.size());
  constexpr std::size_t kSize = kGlyphSide * kGlyphSide;
  parallel_for(indices.size(), [&](std::size_t, std::size_t i) {
    Rng rng(Hash64().number(seed).number(static_cast<std::uint64_t>(split)).number(indices[i]).value());
    const auto digit = static_cast<std::size_t>(rng.integer(0, kGlyphClasses - 1));
    samples.labels[i] = static_cast<std::int32_t>(digit);
    draw_glyph(digit, rng, std::span(samples.pixels).subspan(i * kSize, kSize));
  });
  return samples;
}

}  // namespace mote::data
