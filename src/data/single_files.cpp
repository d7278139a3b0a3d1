#include "data/single_files.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "data/image.h"
#include "data/layout.h"

namespace mote::data {

bool is_audio_name(const std::string& path) {
  constexpr std::array<std::string_view, 6> kEndings = {".wav", ".WAV", ".flac", ".ogg", ".aiff", ".au"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

bool contains_majority(const FileSet& files, bool (*is_wanted)(const std::string& path)) {
  std::size_t wanted = 0;
  std::size_t samples = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& path = files.path(i);
    if (is_wanted(path)) ++wanted;
    if (is_image_name(path) || is_audio_name(path)) ++samples;
  }
  return wanted > 0 && 2 * wanted >= samples;
}

SingleFiles arrange_files(FileSet files, bool (*is_wanted)(const std::string& path),
                          const DatasetOptions& options, DatasetInfo& info) {
  std::vector<std::size_t> kept;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!is_wanted(files.path(i))) continue;
    kept.push_back(i);
    paths.push_back(files.path(i));
  }
  MOTE_CHECK(!kept.empty());
  info.name = files.root().string();
  const FileLayout layout = read_layout(paths);
  Classes classes = number_classes(layout.classes);
  Assignment assignment = assign_splits(classes.labels, layout.splits, options, info.name);
  info.class_names = std::move(classes.names);
  info.split_rule = assignment.rule;
  for (std::size_t s = 0; s < kSplitCount; ++s) info.counts[s] = assignment.indices[s].size();
  return {std::move(files).subset(kept), std::move(classes.labels), std::move(assignment)};
}

}  // namespace mote::data
