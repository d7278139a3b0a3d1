#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"
#include "data/fit.h"
#include "data/image.h"
#include "data/layout.h"
#include "data/readers.h"
#include "data/single_files.h"

namespace mote::data {
namespace {

class ImageFiles : public Dataset {
 public:
  ImageFiles(DatasetInfo info, SingleFiles files) : Dataset(std::move(info)), files_(std::move(files)) {}

 protected:
  Samples read(Split split, std::span<const std::size_t> indices, const Shape& wanted) const override {
    const ImageSize size = image_size_for(wanted, info().shape);
    Samples samples =
        allocate_samples(ElementKind::kImage, wanted.empty() ? info().shape : wanted, indices.size());
    const std::size_t pixels = samples.sample_size();
    MOTE_CHECK(pixels == size.height * size.width * size.channels);
    parallel_for(indices.size(), [&](std::size_t, std::size_t i) {
      const std::size_t file = files_.member(split, indices[i]);
      const Image stored = decode_image(files_.files.read(file), files_.files.where(file));
      const Image image = convert_image(stored, size.height, size.width, size.channels);
      std::copy(image.pixels.begin(), image.pixels.end(), &samples.pixels[i * pixels]);
      samples.labels[i] = files_.labels[file];
    });
    return samples;
  }

 private:
  SingleFiles files_;
};

bool wanted_file(const std::string& path) { return is_image_name(path); }

}  // namespace

bool is_image_files(const FileSet& files) { return contains_majority(files, wanted_file); }

std::unique_ptr<Dataset> open_image_files(FileSet files, const DatasetOptions& options) {
  DatasetInfo info;
  SingleFiles single = arrange_files(std::move(files), wanted_file, options, info);
  info.format = "image files";
  info.kind = ElementKind::kImage;
  const Image first = decode_image(single.files.read(0), single.files.where(0));
  info.shape = {static_cast<std::int64_t>(first.height), static_cast<std::int64_t>(first.width),
                static_cast<std::int64_t>(first.channels)};
  return std::make_unique<ImageFiles>(std::move(info), std::move(single));
}

}  // namespace mote::data
