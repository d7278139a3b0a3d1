#include "data/glyph_strokes.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace mote::data {
namespace {

constexpr double kStep = 0.12;     // spacing of points on lines and arcs, so that distortion can bend them
constexpr double kJitter = 0.045;  // deviation of every corner, centre and radius

class Pen {
 public:
  explicit Pen(Rng& rng) : rng_(rng) {}

  void move(double x, double y) { strokes_.push_back({jittered(x, y)}); }

  void line(double x, double y) { straight(jittered(x, y)); }

  // An elliptic arc from one angle to another, in degrees: 0 is right, 90 is down. A line leads to its
  // beginning when the pen is already down.
  void arc(double x, double y, double radius_x, double radius_y, double from, double to) {
    const Point centre = jittered(x, y);
    const double rx = radius_x * (1 + kJitter * rng_.normal());
    const double ry = radius_y * (1 + kJitter * rng_.normal());
    const double begin = (from + 8 * rng_.normal()) * std::numbers::pi / 180;
    const double end = (to + 8 * rng_.normal()) * std::numbers::pi / 180;
    const int steps = static_cast<int>(std::ceil(std::abs(end - begin) * (rx + ry) / 2 / kStep)) + 1;
    for (int i = 0; i <= steps; ++i) {
      const double angle = begin + (end - begin) * i / steps;
      const Point next{centre.x + rx * std::cos(angle), centre.y + ry * std::sin(angle)};
      if (i == 0 && !strokes_.empty()) {
        straight(next);
      } else if (i == 0) {
        strokes_.push_back({next});
      } else {
        strokes_.back().push_back(next);
      }
    }
  }

  Strokes take() { return std::move(strokes_); }

 private:
  Point jittered(double x, double y) {
    const double dx = kJitter * rng_.normal();
    const double dy = kJitter * rng_.normal();
    return {x + dx, y + dy};
  }

  void straight(Point to) {
    Stroke& stroke = strokes_.back();
    const Point from = stroke.back();
    const int steps = static_cast<int>(std::hypot(to.x - from.x, to.y - from.y) / kStep) + 1;
    for (int i = 1; i <= steps; ++i) {
      const double t = static_cast<double>(i) / steps;
      stroke.push_back({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
    }
  }

  Rng& rng_;
  Strokes strokes_;
};

void one(Pen& pen, Rng& rng) {
  if (rng.chance(0.6)) {
    pen.move(-0.38, -0.6);
    pen.line(0, -1);
  } else {
    pen.move(0, -1);
  }
  pen.line(0, 1);
  if (rng.chance(0.3)) {
    pen.move(-0.4, 1);
    pen.line(0.4, 1);
  }
}

void two(Pen& pen, Rng& rng) {
  pen.arc(0, -0.45, 0.52, 0.54, -170, 35);
  pen.line(-0.58, 0.95);
  if (rng.chance(0.3)) pen.arc(-0.4, 0.8, 0.2, 0.16, -180, 60);  // a small loop in the corner
  pen.line(0.6, 0.95);
}

void three(Pen& pen, Rng& rng) {
  if (rng.chance(0.3)) {  // flat top
    pen.move(-0.5, -0.95);
    pen.line(0.45, -0.95);
    pen.line(-0.02, -0.15);
  } else {
    pen.arc(-0.02, -0.5, 0.48, 0.48, -155, 80);
  }
  pen.arc(-0.02, 0.45, 0.56, 0.52, -85, 150);
}

void four(Pen& pen, Rng& rng) {
  if (rng.chance(0.5)) {  // closed
    pen.move(0.25, 1);
    pen.line(0.25, -1);
    pen.line(-0.6, 0.3);
    pen.line(0.62, 0.3);
  } else {
    pen.move(-0.4, -0.95);
    pen.line(-0.52, 0.15);
    pen.line(0.62, 0.15);
    pen.move(0.3, -0.85);
    pen.line(0.25, 1);
  }
}

void five(Pen& pen) {
  pen.move(0.5, -0.95);
  pen.line(-0.38, -0.95);
  pen.line(-0.44, -0.1);
  pen.arc(-0.02, 0.4, 0.56, 0.56, -135, 145);
}

void six(Pen& pen) {
  pen.arc(0.45, 0.4, 1.0, 1.38, -95, -180);
  pen.arc(0, 0.45, 0.53, 0.52, -180, -535);
}

void seven(Pen& pen, Rng& rng) {
  pen.move(-0.55, -0.95);
  pen.line(0.55, -0.95);
  pen.line(-0.15, 1);
  if (rng.chance(0.4)) {
    pen.move(-0.32, 0.05);
    pen.line(0.48, 0.05);
  }
}

void eight(Pen& pen) {
  pen.arc(0, -0.5, 0.44, 0.46, 90, -270);
  pen.arc(0, 0.46, 0.54, 0.52, -90, 270);
}

void nine(Pen& pen, Rng& rng) {
  pen.arc(0, -0.45, 0.5, 0.52, 0, -355);
  if (rng.chance(0.5)) {
    pen.line(0.4, 1);
  } else {
    pen.arc(-0.35, -0.3, 0.87, 1.3, 5, 85);
  }
}

}  // namespace

Strokes digit_strokes(std::size_t digit, Rng& rng) {
  Pen pen(rng);
  switch (digit) {
    case 0: pen.arc(0, 0, 0.58, 0.98, -90, 268); break;
    case 1: one(pen, rng); break;
    case 2: two(pen, rng); break;
    case 3: three(pen, rng); break;
    case 4: four(pen, rng); break;
    case 5: five(pen); break;
    case 6: six(pen); break;
    case 7: seven(pen, rng); break;
    case 8: eight(pen); break;
    case 9: nine(pen, rng); break;
    default: MOTE_CHECK(false);
  }
  return pen.take();
}

}  // namespace mote::data
