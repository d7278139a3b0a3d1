/* Strips of floats. */
#ifndef MOTE_STRIP_F32_H
#define MOTE_STRIP_F32_H

#include "strip.h"

MOTE_INLINE void mote_f32_strip(const mote_strip* s, mote_strip_part part, const float* x, float* strip) {
  const int32_t channels = s->window.in_channels;
  const int32_t room = s->columns - s->left;
  const int32_t inside = room < s->window.columns.in ? room : s->window.columns.in;
  const size_t left = sizeof(float) * (size_t)(s->left * channels);
  const size_t middle = sizeof(float) * (size_t)(inside * channels);
  const size_t right = sizeof(float) * (size_t)((room - inside) * channels);
  const int32_t height = mote_strip_height(s, part);
  for (int32_t i = 0; i < height; ++i, strip += s->columns * channels) {
    const int32_t source = mote_strip_element(s, part, i);
    if (source < 0) {
      memset(strip, 0, left + middle + right);
    } else {
      memset(strip, 0, left);
      memcpy((char*)strip + left, x + source, middle);
      memset((char*)strip + left + middle, 0, right);
    }
  }
}

#endif
