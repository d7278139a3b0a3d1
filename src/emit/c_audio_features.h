// The audio front end of an emitted network: NAME_features.h and NAME_features.c take hops of 16-bit samples
// and give rows of features in the encoding of the network's input, the very numbers that the data set's
// features have (data/audio_features.h, docs/audio.md). Re-entrant, no heap; the work memory may be the
// network's arena between two runs.
#pragma once

#include <filesystem>
#include <string>

#include "data/audio_features.h"
#include "data/normalization.h"
#include "ir/type.h"

namespace mote {

struct AudioFrontEnd {
  data::AudioFeatures features;
  data::Normalization normalization{};  // as the data of the network had it
};

// `input`: of the network, rows x columns. Throws UserError for an input that is not made of such rows, and
// for features of 16 bits where it has another encoding.
void emit_audio_features(const AudioFrontEnd& front_end, const TensorType& input, const std::string& name,
                         const std::filesystem::path& folder);

}  // namespace mote
