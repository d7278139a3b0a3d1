// What the paths of a data set of single files (pictures, sounds) say about classes and splits:
//
//     [...]/train/CLASS/[...]FILE   (train, valid, val, test, ...)      class and split
//     [...]/CLASS/[...]FILE                                              class
//     [...]/LABEL_REST.wav, all files in one folder                      class, when labels repeat
//     DIGIT_SPEAKER_INDEX.wav for ten digits (Free Spoken Digit Dataset) also: index 0 to 4 is test, by its
//     authors' rule
//
// [...] is a folder that all files share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/samples.h"

namespace mote::data {

struct FileLayout {
  std::vector<std::string> classes;          // a word per path; empty: no label
  std::vector<std::optional<Split>> splits;  // per path
};

FileLayout read_layout(const std::vector<std::string>& paths);

}  // namespace mote::data
