/* 8-bit depthwise convolution on Arm cores with the DSP extension. Four channels at a time are widened to
 * 16-bit planes: the input lines that a band of output lines needs, padding included, so that a dual
 * multiply-accumulate takes two taps. 3x3 filters run in assembly (depthwise_dsp.S), others in C.
 *
 * Lines are rows of the image, or its columns where all of it is one band and that is the better way along.
 * With more than one band, or fewer rows than all, the output may stand on input rows that are no longer
 * needed: where it would overwrite some that another group of four channels still reads, the band waits in
 * the scratch. One band of everything reads a group's whole plane before it writes: then y may be x. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_DSP_H
#define MOTE_DEPTHWISE_CONV2D_S8_DSP_H

#include "dsp.h"
#include "window2d.h"

#if defined(__ARM_FEATURE_DSP)

/* What the assembly is told; in its order. */
typedef struct {
  const int16_t* planes;
  int8_t* y;
  const int32_t* records;
  int32_t channels;
  int32_t plane_bytes; /* from the plane of a channel to that of the next */
  int32_t lines;
  int32_t pair_bytes;         /* of a line that its pairs of outputs move on by */
  int32_t plane_next, y_next; /* from the end of these to the next line */
  int32_t y_step;
  int32_t twice_zero; /* 2 * zero point of y + 1 */
  int32_t pitch;      /* bytes of a line */
  int32_t odd;        /* the line has one more output */
} mote_depthwise_job;

typedef void mote_depthwise_3x3(mote_depthwise_job job);

/* Pixels of some lines, `step` bytes apart, to the planes of four channels. */
typedef struct {
  int16_t* to;
  const int8_t* x;
  int32_t step, lines;
  int32_t count; /* of a line, at least 1 */
  int32_t plane_bytes, pitch;
  int32_t x_line; /* bytes from line to line */
} mote_widen_job;

typedef void mote_depthwise_widen(mote_widen_job job);

typedef struct {
  int32_t channels, multiplier;           /* of the input; outputs of each */
  mote_axis lines, along;                 /* without batches */
  int32_t x_line, x_step, y_line, y_step; /* bytes from line to line and along it */
  int32_t x_slots, y_slots;
  int32_t band;    /* lines of y at once */
  int32_t waiting; /* the same where they wait in the scratch, behind the planes; 0: they never have to */
  int32_t pitch, plane; /* samples of a line and of a plane */
  int32_t used;         /* samples along a line of x that some window reads */
  int32_t x_zero, x_flip;
  int32_t y_zero, y_flip, low, high; /* bounds of y - y_zero */
  int32_t quick;                     /* as in dsp.h, without bounds and flip */
  int32_t tap_words;                 /* words of weights per line of a filter; C only */
  int32_t record;                    /* words per output channel */
  const int32_t* records; /* weights, bias, multiplier, then the offset or the shift (to the right: quick) */
  mote_depthwise_3x3* filter;
  mote_depthwise_widen* widen;
} depthwise_conv2d_s8_dsp_params;

MOTE_INLINE int32_t mote_smlad(uint32_t a, uint32_t b, int32_t c) {
  int32_t r;
  __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(c));
  return r;
}
/* Samples [first, last) of a line in all four planes. */
MOTE_INLINE void mote_plane_padding(int16_t* to, int32_t plane, int32_t first, int32_t last, int32_t zero) {
  for (int32_t i = first; i < last; ++i)
    to[i] = to[plane + i] = to[2 * plane + i] = to[3 * plane + i] = (int16_t)zero;
}

/* Input lines [top, top + count) that a band of `lines` output lines from oy reads. */
typedef struct {
  int32_t top, count;
} mote_depthwise_lines;

MOTE_INLINE mote_depthwise_lines mote_depthwise_band(const depthwise_conv2d_s8_dsp_params* p, int32_t oy,
                                                     int32_t lines) {
  mote_depthwise_lines band;
  band.top = oy * p->lines.stride + p->lines.offset;
  band.count = (lines - 1) * p->lines.stride + (p->lines.taps - 1) * p->lines.step + 1;
  return band;
}

/* The padding of all lines, the same for every four channels. */
MOTE_INLINE void mote_planes_padding(const depthwise_conv2d_s8_dsp_params* p, mote_depthwise_lines band,
                                     int16_t* to) {
  const int32_t lead = -p->along.offset;
  for (int32_t iy = band.top; iy < band.top + band.count; ++iy, to += p->pitch) {
    const int32_t inside = iy >= 0 && iy < p->lines.in;
    mote_plane_padding(to, p->plane, 0, inside ? lead : p->pitch, p->x_zero);
    if (inside) mote_plane_padding(to, p->plane, lead + p->used, p->pitch, p->x_zero);
  }
}

MOTE_INLINE int32_t mote_least(int32_t a, int32_t b) { return a < b ? a : b; }

/* The last channels, where fewer than four are left. */
MOTE_KERNEL void mote_widen_rest(const mote_widen_job* job, int32_t channels, int32_t flip) {
  for (int32_t l = 0; l < job->lines; ++l)
    for (int32_t i = 0; i < job->count; ++i) {
      const int8_t* from = job->x + l * job->x_line + i * job->step;
      int16_t* to = job->to + l * (job->pitch / 2) + i;
      for (int32_t c = 0; c < channels; ++c, to += job->plane_bytes / 2) *to = (int8_t)(from[c] ^ flip);
    }
}

/* The planes of four channels (or the last ones), without padding. `image`: row of x that is line 0. */
MOTE_INLINE void mote_planes(const depthwise_conv2d_s8_dsp_params* p, const int8_t* x, int32_t image,
                             mote_depthwise_lines band, int32_t channel, int32_t fours, int16_t* planes) {
  const int32_t left = p->channels - channel;
  const int32_t last = mote_least(band.top + band.count, p->lines.in);
  mote_widen_job job;
  job.step = p->x_step;
  job.count = p->used;
  job.plane_bytes = 2 * p->plane;
  job.pitch = 2 * p->pitch;
  job.x_line = p->x_line;
  for (int32_t iy = band.top < 0 ? 0 : band.top; iy < last; iy += job.lines) {
    const int32_t slot = (image + iy) % p->x_slots;
    job.to = planes + (iy - band.top) * p->pitch - p->along.offset;
    job.x = x + slot * p->x_line + channel;
    job.lines = mote_least(last - iy, p->x_slots - slot);
    if (fours || left >= 4)
      p->widen(job);
    else
      mote_widen_rest(&job, left, p->x_flip);
  }
}

/* `channels` outputs of each of the first `planes` planes. */
MOTE_INLINE void mote_depthwise_3x3_group(const depthwise_conv2d_s8_dsp_params* p, const int16_t* planes,
                                          int32_t count, const int32_t* records, int8_t* y, int32_t lines) {
  const int32_t pairs = p->along.out / 2;
  mote_depthwise_job job;
  job.planes = planes;
  job.y = y;
  job.records = records;
  job.channels = count;
  job.plane_bytes = 2 * p->plane;
  job.lines = lines;
  job.pair_bytes = 4 * p->along.stride * pairs;
  job.plane_next = 2 * p->lines.stride * p->pitch - job.pair_bytes;
  job.y_next = p->y_line - 2 * pairs * p->y_step;
  job.y_step = p->y_step;
  job.twice_zero = 2 * p->y_zero + 1;
  job.pitch = 2 * p->pitch;
  job.odd = p->along.out & 1;
  if (p->multiplier == 1) {
    p->filter(job);
    return;
  }
  job.plane_bytes = 0; /* several outputs of one plane */
  job.channels = p->multiplier;
  for (int32_t i = 0; i < count; ++i) {
    p->filter(job);
    job.planes += p->plane;
    job.y += p->multiplier;
    job.records += p->multiplier * p->record;
  }
}

MOTE_INLINE int8_t mote_depthwise_output(const depthwise_conv2d_s8_dsp_params* p, const int32_t* constants,
                                         int32_t sum) {
  const int32_t shift = constants[2];
  int32_t q;
  if (p->quick) { /* the roundings as in dsp.h */
    const int32_t twice = (int32_t)((uint32_t)sum << 1);
    q = mote_smmlar(twice, constants[1], (INT32_C(1) << (shift - 1)) + (twice >> 31)) >> shift;
  } else {
    q = mote_requantize(sum, constants[1], shift);
  }
  return (int8_t)((mote_clamp(q, p->low, p->high) + p->y_zero) ^ p->y_flip);
}

/* Any filter: `count` (1 to 4) neighbouring outputs of one plane, weights widened to pairs of taps. A pair
 * stands for one tap where taps are not neighbours. */
MOTE_INLINE void mote_depthwise_outputs(const depthwise_conv2d_s8_dsp_params* p, const int16_t* plane,
                                        const uint32_t* weights, const int32_t* constants, int32_t count,
                                        int8_t* y) {
  const int32_t tap_step = p->along.step == 1 ? 2 : p->along.step;
  const int32_t stride = p->along.stride;
  const int32_t second = count > 1 ? stride : 0;
  const int32_t third = count > 2 ? 2 * stride : 0;
  const int32_t fourth = count > 3 ? 3 * stride : 0;
  int32_t sums[4] = {constants[0], constants[0], constants[0], constants[0]};
  for (int32_t ky = 0; ky < p->lines.taps; ++ky, plane += p->lines.step * p->pitch) {
    const int16_t* at = plane;
    for (int32_t i = 0; i < p->tap_words; ++i, at += tap_step) {
      const uint32_t w = *weights++;
      sums[0] = mote_smlad(mote_load4((const int8_t*)at), w, sums[0]);
      sums[1] = mote_smlad(mote_load4((const int8_t*)(at + second)), w, sums[1]);
      sums[2] = mote_smlad(mote_load4((const int8_t*)(at + third)), w, sums[2]);
      sums[3] = mote_smlad(mote_load4((const int8_t*)(at + fourth)), w, sums[3]);
    }
  }
  for (int32_t i = 0; i < count; ++i, y += p->y_step) *y = mote_depthwise_output(p, constants, sums[i]);
}

MOTE_KERNEL void mote_depthwise_any_group(const depthwise_conv2d_s8_dsp_params* p, const int16_t* planes,
                                          int32_t count, const int32_t* records, int8_t* y, int32_t lines,
                                          uint32_t* weights) {
  const int32_t words = p->lines.taps * p->tap_words;
  for (int32_t c = 0; c < count * p->multiplier; ++c, ++y, records += p->record) {
    const int16_t* plane = planes + c / p->multiplier * p->plane;
    const int8_t* bytes = (const int8_t*)records;
    for (int32_t i = 0; i < words; ++i, bytes += 2)
      weights[i] = ((uint32_t)bytes[0] & 0xffffU) | ((uint32_t)bytes[1] << 16);
    int8_t* to = y;
    for (int32_t l = 0; l < lines; ++l, plane += p->lines.stride * p->pitch, to += p->y_line)
      for (int32_t o = 0; o < p->along.out; o += 4)
        mote_depthwise_outputs(p, plane + o * p->along.stride, weights, records + p->record - 3,
                               p->along.out - o < 4 ? p->along.out - o : 4, to + o * p->y_step);
  }
}

/* Whether output lines at y stand on input lines that they need. */
MOTE_INLINE int32_t mote_depthwise_overlaps(const depthwise_conv2d_s8_dsp_params* p, const int8_t* x,
                                            int32_t image, mote_depthwise_lines band, const int8_t* y,
                                            int32_t lines) {
  for (int32_t iy = band.top < 0 ? 0 : band.top; iy < mote_least(band.top + band.count, p->lines.in); ++iy) {
    const uintptr_t from = (uintptr_t)x + (uint32_t)((image + iy) % p->x_slots * p->x_line);
    if (from < (uintptr_t)y + (uint32_t)(lines * p->y_line) && (uintptr_t)y < from + (uint32_t)p->x_line)
      return 1;
  }
  return 0;
}

MOTE_INLINE void mote_depthwise_rows(const depthwise_conv2d_s8_dsp_params* p, const int8_t* x, int8_t* y,
                                     void* scratch, int32_t first, int32_t rows, int32_t is_3x3,
                                     int32_t fours) {
  int16_t* planes = (int16_t*)scratch;
  uint32_t* weights = (uint32_t*)(void*)(planes + 4 * p->plane + 2); /* a pair may end behind the planes */
  int8_t* aside = (int8_t*)(weights + (is_3x3 ? 0 : p->lines.taps * p->tap_words));
  for (int32_t end = first + rows; first < end;) {
    const int32_t oy = first % p->lines.out;
    const int32_t image = first / p->lines.out * p->lines.in;
    int8_t* place = y + first % p->y_slots * p->y_line;
    int32_t lines = mote_least(mote_least(p->band, end - first),
                               mote_least(p->lines.out - oy, p->y_slots - first % p->y_slots));
    mote_depthwise_lines band = mote_depthwise_band(p, oy, lines);
    int8_t* to = place;
    if (p->waiting > 0 && mote_depthwise_overlaps(p, x, image, band, place, lines)) {
      lines = mote_least(lines, p->waiting);
      band = mote_depthwise_band(p, oy, lines);
      to = aside;
    }
    mote_planes_padding(p, band, planes);
    for (int32_t c = 0; c < p->channels; c += 4) {
      const int32_t count = fours ? 4 : mote_least(p->channels - c, 4);
      const int32_t output = c * p->multiplier;
      const int32_t* records = p->records + output * p->record;
      mote_planes(p, x, image, band, c, fours, planes);
      if (is_3x3)
        mote_depthwise_3x3_group(p, planes, count, records, to + output, lines);
      else
        mote_depthwise_any_group(p, planes, count, records, to + output, lines, weights);
    }
    if (to != place) memcpy(place, to, (size_t)(lines * p->y_line));
    first += lines;
  }
}

/* Some rows, and the whole layer. */
#define MOTE_DEPTHWISE(name, is_3x3, fours)                                                         \
  MOTE_KERNEL void name##_rows(const depthwise_conv2d_s8_dsp_params* p, const int8_t* x, int8_t* y, \
                               void* scratch, int32_t first, int32_t rows) {                        \
    mote_depthwise_rows(p, x, y, scratch, first, rows, is_3x3, fours);                              \
  }                                                                                                 \
  MOTE_INLINE void name(const depthwise_conv2d_s8_dsp_params* p, const int8_t* x, int8_t* y,        \
                        void* scratch) {                                                            \
    name##_rows(p, x, y, scratch, 0, p->y_slots);                                                   \
  }

MOTE_DEPTHWISE(depthwise_3x3_dsp, 1, 0)
MOTE_DEPTHWISE(depthwise_3x3_fours_dsp, 1, 1) /* the number of channels is a multiple of four */
MOTE_DEPTHWISE(depthwise_any_dsp, 0, 0)

#endif
#endif
