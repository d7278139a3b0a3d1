/* Where the windows of convolutions read: the same for plain and transposed convolution. */
#ifndef MOTE_WINDOW2D_H
#define MOTE_WINDOW2D_H

#include "mote_kernel.h"

/* One spatial axis. Tap k of output o reads input (o * stride + k * step + offset) / divisor where that is
 * whole and inside. Plain convolution: step = dilation, offset = -padding, divisor 1. Transposed: stride 1,
 * step = -dilation, offset = padding, divisor = stride. */
typedef struct {
  int32_t in, out, taps, stride, step, offset, divisor;
} mote_axis;

typedef struct {
  int32_t batches, in_channels, out_channels, groups;
  mote_axis rows, columns;
} mote_window2d;

/* Index that the tap reads, or -1. */
MOTE_INLINE int32_t mote_axis_source(const mote_axis* axis, int32_t o, int32_t tap) {
  int32_t at = o * axis->stride + tap * axis->step + axis->offset;
  if (at < 0) return -1;
  if (axis->divisor > 1) {
    if (at % axis->divisor != 0) return -1;
    at /= axis->divisor;
  }
  return at < axis->in ? at : -1;
}

/* Taps [first, last) of a plain convolution that read inside. */
typedef struct {
  int32_t first, last;
} mote_taps;

MOTE_INLINE mote_taps mote_axis_taps(const mote_axis* axis, int32_t o) {
  const int32_t start = o * axis->stride + axis->offset;
  mote_taps taps = {0, axis->taps};
  while (taps.first < taps.last && start + taps.first * axis->step < 0) ++taps.first;
  while (taps.last > taps.first && start + (taps.last - 1) * axis->step >= axis->in) --taps.last;
  return taps;
}

#endif
