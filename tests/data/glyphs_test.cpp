#include "data/glyphs.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset.h"
#include "data/image.h"
#include "data/preview.h"
#include "tests/data/bytes.h"

namespace mote::data {
namespace {

TEST(Glyphs, SameSeedSameGlyphsWhateverElseIsDrawn) {
  const std::vector<std::size_t> first = {0, 1, 2, 3};
  const std::vector<std::size_t> one = {2};
  const Samples many = generate_glyphs(Split::kTest, first, 7);
  const Samples single = generate_glyphs(Split::kTest, one, 7);
  EXPECT_EQ(gather(many, one).pixels, single.pixels);
  EXPECT_EQ(many.labels[2], single.labels[0]);
  EXPECT_NE(generate_glyphs(Split::kTest, first, 8).pixels, many.pixels);
  EXPECT_NE(generate_glyphs(Split::kTrain, first, 7).pixels, many.pixels);
}

TEST(Glyphs, TheFirstOnesAreTheKnownOnes) {
  std::vector<std::size_t> indices(64);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  const Samples samples = generate_glyphs(Split::kTrain, indices, 1);
  EXPECT_EQ(std::vector<std::int32_t>(samples.labels.begin(), samples.labels.begin() + 8),
            (std::vector<std::int32_t>{9, 2, 9, 7, 3, 6, 1, 4}));
  EXPECT_EQ(fnv1a_32(std::as_bytes(std::span(samples.pixels))), 2223919475U);
}

TEST(Glyphs, SpecificationSetsSizesAndSeed) {
  const auto dataset = open_dataset("synth:glyphs?train=50&test=7&seed=3");
  EXPECT_EQ(dataset->info().counts, (std::array<std::size_t, 3>{50, 2000, 7}));
  EXPECT_EQ(dataset->info().class_names.size(), 10U);
  const Samples test = dataset->load(Split::kTest);
  EXPECT_EQ(test.count, 7U);
  EXPECT_EQ(test.shape, (Shape{28, 28, 1}));
  LoadOptions flat;
  flat.shape = {1, 784};
  EXPECT_EQ(dataset->load(Split::kTest, flat).pixels, test.pixels);
  for (const char* bad :
       {"synth:glyphs?train=x", "synth:glyphs?colour=1", "synth:cats", "synth:glyphs?train"}) {
    EXPECT_THROW(open_dataset(bad), UserError) << bad;
  }
  EXPECT_THROW(open_dataset("synth:glyphs?valid=0")->load(Split::kValid), UserError);
}

TEST(Glyphs, EveryDigitOccursWithInkOnPaper) {
  std::vector<std::size_t> indices(500);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  const Samples samples = generate_glyphs(Split::kValid, indices, 1);
  EXPECT_EQ(std::set<std::int32_t>(samples.labels.begin(), samples.labels.end()).size(), 10U);
  std::set<std::uint8_t> greys(samples.pixels.begin(), samples.pixels.end());
  EXPECT_GT(greys.size(), 250U);
}

TEST(Preview, WritesASheetOfTheImages) {
  const TemporaryFolder folder;
  const std::vector<std::size_t> indices = {0, 1, 2};
  const Samples samples = generate_glyphs(Split::kTrain, indices, 1);
  write_preview_png(samples, 2, 2, folder.path() / "sheet.png");
  const Image sheet = decode_image(read_file(folder.path() / "sheet.png"), "sheet");
  EXPECT_EQ(sheet.height, 2U * (28 * 2 + 1));
  EXPECT_EQ(sheet.pixels[0], samples.pixels[0]);
  EXPECT_EQ(sheet.pixels[1], samples.pixels[0]);
  EXPECT_EQ(sheet.pixels[57], samples.pixels[28 * 28]);
  Samples table = allocate_samples(ElementKind::kTensor, {3}, 1);
  EXPECT_THROW(write_preview_png(table, 1, 1, folder.path() / "x.png"), UserError);
}

}  // namespace
}  // namespace mote::data
