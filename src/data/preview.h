// A picture of samples for people: a contact sheet.
#pragma once

#include <cstddef>
#include <filesystem>

#include "data/samples.h"

namespace mote::data {

// Writes the first rows*columns images side by side, with a thin line between, as a PNG. Small images are
// enlarged by a whole factor. Throws UserError when the samples are not images of 1 or 3 channels or the file
// cannot be written.
void write_preview_png(const Samples& samples, std::size_t rows, std::size_t columns,
                       const std::filesystem::path& path);

}  // namespace mote::data
