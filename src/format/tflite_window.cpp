#include "format/tflite_window.h"

#include <algorithm>

namespace mote::tflite {

Cells padding_cells(const Call& call, Padding padding, const Window& w) {
  if (w.extent < 1 || w.size < 1 || w.stride < 1 || w.dilation < 1)
    call.refuse("its window (size " + std::to_string(w.size) + ", stride " + std::to_string(w.stride) +
                ", dilation " + std::to_string(w.dilation) + ") on an extent of " + std::to_string(w.extent) +
                " is impossible");
  if (padding == Padding::VALID) return {};
  if (padding != Padding::SAME) call.refuse("its padding is neither SAME nor VALID");
  const std::int64_t outputs = (w.extent + w.stride - 1) / w.stride;
  const std::int64_t total =
      std::max<std::int64_t>((outputs - 1) * w.stride + (w.size - 1) * w.dilation + 1 - w.extent, 0);
  return {total / 2, total - total / 2};
}

std::vector<std::int64_t> padding_list(const Call& call, Padding padding, const Window& vertical,
                                       const Window& horizontal) {
  const Cells v = padding_cells(call, padding, vertical);
  const Cells h = padding_cells(call, padding, horizontal);
  return {v.before, h.before, v.after, h.after};
}

const Shape& image_shape(const Call& call, ValueId value) {
  const Shape& shape = call.shape(value);
  if (shape.size() != 4)
    call.refuse("its operand has the shape " + to_string(shape) + ", four axes are expected");
  return shape;
}

}  // namespace mote::tflite
