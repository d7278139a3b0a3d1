#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "data/fit.h"
#include "data/glyphs.h"
#include "data/readers.h"

namespace mote::data {
namespace {

class GlyphDataset : public Dataset {
 public:
  GlyphDataset(DatasetInfo info, std::uint64_t seed) : Dataset(std::move(info)), seed_(seed) {}

 protected:
  Samples read(Split split, std::span<const std::size_t> indices, const Shape& wanted) const override {
    return fit_samples(generate_glyphs(split, indices, seed_), wanted);
  }

 private:
  std::uint64_t seed_;
};

std::uint64_t whole_number(const std::string& key, const std::string& value, std::uint64_t limit) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (code != std::errc() || end != value.data() + value.size() || number > limit) {
    throw UserError({"malformed data specification", "synth:glyphs, " + key,
                     "'" + value + "' is not a number up to " + std::to_string(limit),
                     "write for example synth:glyphs?train=20000&seed=1"});
  }
  return number;
}

}  // namespace

std::unique_ptr<Dataset> open_glyphs(const std::vector<std::pair<std::string, std::string>>& keys) {
  constexpr std::uint64_t kMaxCount = 10'000'000;
  GlyphOptions options;
  for (const auto& [key, value] : keys) {
    if (key == "seed") {
      options.seed = whole_number(key, value, UINT64_MAX);
    } else if (key == "train" || key == "valid" || key == "test") {
      options.counts[static_cast<std::size_t>(parse_split(key))] = whole_number(key, value, kMaxCount);
    } else {
      throw UserError({"malformed data specification", "synth:glyphs", "there is no key '" + key + "'",
                       "the keys are train, valid, test and seed"});
    }
  }
  DatasetInfo info;
  info.name = "synth:glyphs";
  info.format = "generator";
  info.kind = ElementKind::kImage;
  info.shape = {static_cast<std::int64_t>(kGlyphSide), static_cast<std::int64_t>(kGlyphSide), 1};
  for (std::size_t digit = 0; digit < kGlyphClasses; ++digit)
    info.class_names.push_back(std::to_string(digit));
  info.counts = options.counts;
  info.split_rule = "generated apart, by seed " + std::to_string(options.seed);
  return std::make_unique<GlyphDataset>(std::move(info), options.seed);
}

}  // namespace mote::data
