// synth:glyphs, a made data set: 28x28 grey images of the ten digits, drawn as strokes under random shape,
// affine and elastic distortion, stroke width, contrast, noise and clutter (stray strokes and blobs). Sample
// i of a split is a function of (seed, split, i) alone, so a part of the set equals the same part of the
// whole. Rejected: rendering a font (a licence and a dependency, and one shape per class), and copying MNIST
// (too easy: a linear classifier reaches 92 %).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/rng.h"
#include "data/samples.h"

namespace mote::data {

inline constexpr std::size_t kGlyphSide = 28;
inline constexpr std::size_t kGlyphClasses = 10;

struct GlyphOptions {
  std::array<std::size_t, kSplitCount> counts = {20000, 2000, 4000};  // train, valid, test
  std::uint64_t seed = 1;
};

// Draws `digit` (0..9) into kGlyphSide^2 pixels, row by row.
void draw_glyph(std::size_t digit, Rng& rng, std::span<std::uint8_t> pixels);

// The samples of `split` at `indices`, drawn on all cores; the class of each is random and uniform.
Samples generate_glyphs(Split split, std::span<const std::size_t> indices, std::uint64_t seed);

}  // namespace mote::data
