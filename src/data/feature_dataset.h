// A data set of sounds seen as one of features.
#pragma once

#include <memory>
#include <string>

#include "data/dataset.h"

namespace mote::data {

// Samples are tensors T,columns,1 of features (audio_features.h), T rows. Asked for a shape, it takes as many
// rows as that has. `features` as parse_audio_features() reads it. UserError for data that are no sounds.
std::unique_ptr<Dataset> with_audio_features(std::unique_ptr<Dataset> sounds, const std::string& features);

}  // namespace mote::data
