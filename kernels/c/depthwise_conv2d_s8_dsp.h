/* 8-bit depthwise convolution on Arm cores with the DSP extension. Four channels at a time are widened to
 * 16-bit planes: the input lines that a band of output lines needs, padding included, so that a dual
 * multiply-accumulate takes two taps. 3x3 filters run in assembly (depthwise_dsp.S), others with
 * sums in assembly.
 *
 * Lines are rows of the image, or its columns where all of it is one band and that is the better way along.
 * With more than one band, or fewer rows than all, the output may stand on input rows that are no longer
 * needed: where it would overwrite some that another group of four channels still reads, the band waits in
 * the scratch. One band of everything reads a group's whole plane before it writes: then y may be x. */
#ifndef MOTE_DEPTHWISE_CONV2D_S8_DSP_H
#define MOTE_DEPTHWISE_CONV2D_S8_DSP_H

#include "dsp.h"
#include "low_bits.h"
#include "rows.h"
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

/* How the sums of a window are found: bytes from x to the windows of the neighbours, from a pair of taps and
 * from a line to the next. */
typedef struct {
  int32_t second, third, fourth;
  int32_t tap, line;
  int32_t weight_bytes; /* of a line */
  int32_t lines;
} mote_depthwise_window;

/* Adds to four sums. */
typedef void mote_depthwise_sums(const int16_t* x, const uint32_t* weights, int32_t sums[4],
                                 const mote_depthwise_window* window);

/* As mote_axis. */
typedef struct {
  int16_t in, out, taps, stride, step, offset;
} mote_depthwise_axis;

typedef struct {
  int32_t x_line, x_step, y_line, y_step; /* bytes from line to line and along it */
  int32_t x_slots, y_slots;
  int32_t plane;          /* samples */
  const int32_t* records; /* weights, bias, multiplier, then the offset or the shift (to the right: quick) */
  mote_depthwise_3x3* filter;
  mote_depthwise_widen* widen;
  mote_depthwise_sums* sums; /* of filters that are not 3x3 */
  mote_depthwise_axis lines, along;
  int16_t channels, multiplier; /* of the input; outputs of each */
  int16_t band;                 /* lines of y at once */
  int16_t waiting; /* the same where they wait in the scratch, behind the planes; 0: they never have to */
  int16_t pitch;   /* samples of a line */
  int16_t used;    /* samples along a line of x that some window reads */
  int16_t x_zero, x_flip;
  int16_t y_zero, y_flip, low, high; /* bounds of y - y_zero */
  int16_t quick;                     /* as in dsp.h, without bounds and flip */
  int16_t tap_words;                 /* words of weights per line of a filter that is not 3x3 */
  int16_t record;                    /* words per output channel */
} depthwise_conv2d_s8_dsp_params;

/* Samples [first, last) of a line in all four planes. */
MOTE_KERNEL void mote_plane_padding(int16_t* to, int32_t plane, int32_t first, int32_t last, int32_t zero) {
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

/* The last channels, where fewer than four are left. */
MOTE_KERNEL void mote_widen_rest(const mote_widen_job* job, int32_t channels, int32_t flip) {
  for (int32_t l = 0; l < job->lines; ++l)
    for (int32_t c = 0; c < channels; ++c) {
      const int8_t* from = job->x + l * job->x_line + c;
      int16_t* to = job->to + l * (job->pitch / 2) + c * (job->plane_bytes / 2);
      for (int16_t* const end = to + job->count; to != end; from += job->step) *to++ = (int8_t)(*from ^ flip);
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
  if (p->multiplier > 1) { /* a plane at a time */
    job.plane_bytes = 0;
    job.channels = p->multiplier;
  }
  for (int32_t left = count; left > 0; left -= p->multiplier > 1 ? 1 : count) {
    p->filter(job);
    job.planes += p->plane;
    job.y += p->multiplier;
    job.records += p->multiplier * p->record;
  }
}

MOTE_INLINE int8_t mote_depthwise_output(const depthwise_conv2d_s8_dsp_params* p, int32_t multiplier,
                                         int32_t shift, int32_t sum) {
  int32_t q;
  if (p->quick) { /* the roundings as in dsp.h */
    const int32_t twice = (int32_t)((uint32_t)sum << 1);
    q = mote_smmlar(twice, multiplier, (INT32_C(1) << (shift - 1)) + (twice >> 31)) >> shift;
  } else {
    q = mote_requantize(sum, multiplier, shift);
  }
  return (int8_t)((mote_clamp(q, p->low, p->high) + p->y_zero) ^ p->y_flip);
}

/* Any filter: a plane's outputs, four neighbours at a time, from weights widened to pairs of taps. A pair
 * stands for one tap where taps are not neighbours. Absent neighbours repeat the last one. */
MOTE_INLINE void mote_depthwise_plane(const depthwise_conv2d_s8_dsp_params* p, const int16_t* plane,
                                      const uint32_t* weights, const int32_t* constants, int32_t lines,
                                      int8_t* y) {
  const int32_t bias = constants[0], multiplier = constants[1], shift = constants[2];
  mote_depthwise_window window;
  window.lines = p->lines.taps;
  window.weight_bytes = 4 * p->tap_words;
  window.tap = p->along.step == 1 ? 4 : 2 * p->along.step;
  window.line = 2 * p->lines.step * p->pitch;
  for (int32_t l = 0; l < lines; ++l, plane += p->lines.stride * p->pitch, y += p->y_line) {
    const int16_t* at = plane;
    int8_t* to = y;
    for (int32_t left = p->along.out; left > 0; left -= 4, at += 4 * p->along.stride) {
      const int32_t count = mote_least(left, 4);
      int32_t sums[4] = {bias, bias, bias, bias};
      window.second = count > 1 ? 2 * p->along.stride : 0;
      window.third = count > 2 ? 4 * p->along.stride : 0;
      window.fourth = count > 3 ? 6 * p->along.stride : 0;
      p->sums(at, weights, sums, &window);
      for (int32_t i = 0; i < count; ++i, to += p->y_step)
        *to = mote_depthwise_output(p, multiplier, shift, sums[i]);
    }
  }
}

MOTE_INLINE void mote_depthwise_any_group(const depthwise_conv2d_s8_dsp_params* p, const int16_t* planes,
                                          int32_t count, const int32_t* records, int8_t* y, int32_t lines,
                                          uint32_t* weights) {
  const int32_t words = p->lines.taps * p->tap_words;
  for (int32_t c = 0; c < count; ++c, planes += p->plane)
    for (int32_t j = 0; j < p->multiplier; ++j, ++y, records += p->record) {
      const int8_t* bytes = (const int8_t*)records;
      for (int32_t i = 0; i < words; ++i, bytes += 2)
        weights[i] = ((uint32_t)bytes[0] & 0xffffU) | ((uint32_t)bytes[1] << 16);
      mote_depthwise_plane(p, planes, weights, records + p->record - 3, lines, y);
    }
}

/* Weights of few bits: tiles of channels are expanded, and then the records of four channels of x at a time
 * made of them and of the constants. */
typedef struct {
  const mote_low_tiles* tiles; /* or null: p->records are whole */
  const uint8_t* order;        /* for each byte of the weights of a record the tap, 255: 0 */
  uint32_t* expanded;
  int32_t* records;
} mote_depthwise_low;

/* The records of output channels [c, c + count); c is a multiple of as many as are made at a time. */
MOTE_INLINE const int32_t* mote_depthwise_records(const depthwise_conv2d_s8_dsp_params* p,
                                                  const mote_depthwise_low* low, int32_t c, int32_t count) {
  const mote_low_tiles* t = low->tiles;
  if (!t) return p->records + c * p->record;
  const int32_t all = p->channels * p->multiplier, at = c % t->channels;
  if (at == 0) mote_low_tile(t, c / t->channels, mote_least(t->channels, all - c), low->expanded);
  const int8_t* taps = (const int8_t*)low->expanded + at * t->channel_bytes;
  const int32_t* constants = p->records + 3 * c;
  int32_t* record = low->records;
  for (int32_t i = 0; i < count; ++i, taps += t->channel_bytes, constants += 3, record += p->record) {
    int8_t* bytes = (int8_t*)record;
    for (int32_t b = 0; b < 4 * (p->record - 3); ++b)
      bytes[b] = low->order[b] == 255 ? 0 : taps[low->order[b]];
    memcpy(record + p->record - 3, constants, 12);
  }
  return low->records;
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

MOTE_INLINE void mote_depthwise_rows(const depthwise_conv2d_s8_dsp_params* p, const mote_depthwise_low* low,
                                     const int8_t* x, int8_t* y, void* scratch, int32_t first, int32_t rows,
                                     int32_t is_3x3, int32_t fours) {
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
      const int32_t* records = mote_depthwise_records(p, low, output, count * p->multiplier);
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

typedef struct {
  depthwise_conv2d_s8_dsp_params layer; /* records: constants only */
  mote_low_tiles tiles;
  const uint8_t* order;
} depthwise_conv2d_s8_dsp_low_params;

/* Some rows, and the whole layer; FUNCTION_low has weights of few bits. */
#define MOTE_DEPTHWISE(name, is_3x3, fours)                                                                 \
  MOTE_KERNEL void name##_rows(const depthwise_conv2d_s8_dsp_params* p, const int8_t* x, int8_t* y,         \
                               void* scratch, int32_t first, int32_t rows) {                                \
    const mote_depthwise_low none = {0, 0, 0, 0};                                                           \
    mote_depthwise_rows(p, &none, x, y, scratch, first, rows, is_3x3, fours);                               \
  }                                                                                                         \
  MOTE_KERNEL void name##_low_rows(const depthwise_conv2d_s8_dsp_low_params* p, const int8_t* x, int8_t* y, \
                                   void* scratch, int32_t first, int32_t rows) {                            \
    mote_depthwise_low low;                                                                                 \
    low.tiles = &p->tiles;                                                                                  \
    low.order = p->order;                                                                                   \
    low.expanded = (uint32_t*)scratch;                                                                      \
    low.records = (int32_t*)(low.expanded + 8 * p->tiles.blocks);                                           \
    mote_depthwise_rows(&p->layer, &low, x, y, low.records + 4 * p->layer.multiplier * p->layer.record,     \
                        first, rows, is_3x3, fours);                                                        \
  }                                                                                                         \
  MOTE_INLINE void name##_low(const depthwise_conv2d_s8_dsp_low_params* p, const int8_t* x, int8_t* y,      \
                              void* scratch) {                                                              \
    name##_low_rows(p, x, y, scratch, 0, p->layer.y_slots);                                                 \
  }                                                                                                         \
                                                                                                            \
  MOTE_INLINE void name(const depthwise_conv2d_s8_dsp_params* p, const int8_t* x, int8_t* y,                \
                        void* scratch) {                                                                    \
    name##_rows(p, x, y, scratch, 0, p->y_slots);                                                           \
  }

MOTE_DEPTHWISE(depthwise_3x3_dsp, 1, 0)
MOTE_DEPTHWISE(depthwise_3x3_fours_dsp, 1, 1) /* the number of channels is a multiple of four */
MOTE_DEPTHWISE(depthwise_any_dsp, 0, 0)

#endif
#endif
