// What data sets of one file per sample share: the files of one sort with their labels and splits.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/file_set.h"
#include "data/split.h"

namespace mote::data {

struct SingleFiles {
  FileSet files;
  std::vector<std::int32_t> labels;  // per file
  Assignment assignment;

  std::size_t member(Split split, std::size_t index) const {
    return assignment.indices[static_cast<std::size_t>(split)][index];
  }
};

// Are more files of the sort than of all other sorts of samples, that is, at least half of those that are
// pictures or sounds?
bool contains_majority(const FileSet& files, bool (*is_wanted)(const std::string& path));

// Keeps the wanted files and finds classes and splits by their paths; fills name, class_names, counts and
// split_rule of `info`.
SingleFiles arrange_files(FileSet files, bool (*is_wanted)(const std::string& path),
                          const DatasetOptions& options, DatasetInfo& info);

bool is_audio_name(const std::string& path);

}  // namespace mote::data
