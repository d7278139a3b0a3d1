// The skeletons of the ten digits as pen strokes, with the variation of a hand: alternative forms and
// jittered points.
#pragma once

#include <cstddef>
#include <vector>

#include "base/rng.h"

namespace mote::data {

struct Point {
  double x;
  double y;
};
using Stroke = std::vector<Point>;  // points close enough together to be joined by straight lines
using Strokes = std::vector<Stroke>;

// `digit` is 0..9. The box is about -0.6..0.6 wide and -1..1 high, y down.
Strokes digit_strokes(std::size_t digit, Rng& rng);

}  // namespace mote::data
