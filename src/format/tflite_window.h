// TensorFlow's implicit padding as explicit cells.
#pragma once

#include <cstdint>
#include <vector>

#include "format/tflite_import.h"

namespace mote::tflite {

// A sliding window along one axis, with what the file may get wrong checked.
struct Window {
  std::int64_t extent;  // of the input
  std::int64_t size;
  std::int64_t stride;
  std::int64_t dilation;
};

struct Cells {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

// SAME: as many cells as give ceil(extent / stride) outputs, the odd one after. VALID: none.
// Source: tf.nn documentation, "Notes on padding".
Cells padding_cells(const Call& call, Padding padding, const Window& window);

// {top, left, bottom, right}
std::vector<std::int64_t> padding_list(const Call& call, Padding padding, const Window& vertical,
                                       const Window& horizontal);

// Height and width of a value that must be an image.
const Shape& image_shape(const Call& call, ValueId value);

}  // namespace mote::tflite
