/* Log-mel and MFCC features of one window of 16-bit samples, in integers: docs/audio.md, equations 1 to 11.
 * The same source runs on the host and on the device. Every intermediate fits its type for any samples. */
#ifndef MOTE_AUDIO_FEATURES_H
#define MOTE_AUDIO_FEATURES_H

#include "mote_kernel.h"

typedef struct {
  int32_t frame;           /* samples of a window, at most the FFT's */
  int32_t log2_fft;        /* 5 to 10 */
  int32_t bins;            /* mel filters */
  int32_t coefficients;    /* of the DCT; 0: the logarithms themselves */
  int32_t offset;          /* subtracted from log2 of the energies, Q16 */
  const int16_t* window;   /* [(frame + 1) / 2], Q15: the rising half */
  const int16_t* sine;     /* [3/4 FFT], Q15: sin(2 pi i / FFT) */
  const uint16_t* edges;   /* [bins + 2]: where segments of the frequency axis begin */
  const uint16_t* weights; /* [edges[bins + 1] - edges[0]], Q14: the rising side of each segment */
  const int16_t* dct;      /* [coefficients][bins], Q12; 0 without */
} audio_features_params;

/* log2(1 + i / 64), Q15 */
static const uint16_t mote_log2_table[65] = {
    0,     733,   1455,  2166,  2866,  3556,  4236,  4907,  5568,  6220,  6863,  7498,  8124,
    8742,  9352,  9954,  10549, 11136, 11716, 12289, 12855, 13415, 13968, 14514, 15055, 15589,
    16117, 16639, 17156, 17667, 18173, 18673, 19168, 19658, 20143, 20623, 21098, 21568, 22034,
    22495, 22952, 23404, 23852, 24296, 24736, 25172, 25604, 26031, 26455, 26876, 27292, 27705,
    28114, 28520, 28922, 29321, 29717, 30109, 30498, 30884, 31267, 31647, 32024, 32397, 32768,
};

/* (a wa + b wb + 2^14) >> 15 without 64-bit products. |a + jb| <= 2^30, |wa|, |wb| < 2^15: equation 3. */
MOTE_INLINE int32_t mote_rotate(int32_t a, int32_t wa, int32_t b, int32_t wb) {
  const int32_t high = (a >> 15) * wa + (b >> 15) * wb;
  return high + (((a & 32767) * wa + (b & 32767) * wb + 16384) >> 15);
}

/* Complex numbers to bit-reversed places. */
MOTE_INLINE void audio_features_reverse(int32_t* z, int32_t n) {
  int32_t i, j = 0, bit, part, t;
  for (i = 0; i < n - 1; ++i) {
    for (part = 0; part < 2 && i < j; ++part) {
      t = z[2 * i + part];
      z[2 * i + part] = z[2 * j + part];
      z[2 * j + part] = t;
    }
    for (bit = n >> 1; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
  }
}

MOTE_INLINE void audio_features_butterfly(int32_t* a, int32_t* b, int32_t re, int32_t im) {
  const int32_t ar = a[0], ai = a[1];
  a[0] = ar + re;
  a[1] = ai + im;
  b[0] = ar - re;
  b[1] = ai - im;
}

/* z[n] complex in place, not scaled; `period`: of the sine table. Equation 2. */
MOTE_KERNEL void audio_features_fft(int32_t* z, int32_t n, const int16_t* sine, int32_t period) {
  int32_t half, k, i;
  audio_features_reverse(z, n);
  for (half = 1; half < n; half *= 2) {
    const int32_t step = period / (2 * half);
    for (i = 0; i < n; i += 2 * half) {
      int32_t* b = z + 2 * (i + half);
      audio_features_butterfly(z + 2 * i, b, b[0], b[1]);
    }
    for (k = 1; k < half; ++k) {
      const int32_t c = sine[k * step + period / 4], s = sine[k * step];
      for (i = k; i < n; i += 2 * half) {
        int32_t* b = z + 2 * (i + half);
        const int32_t re = mote_rotate(b[0], c, b[1], s), im = mote_rotate(b[1], c, b[0], -s);
        audio_features_butterfly(z + 2 * i, b, re, im);
      }
    }
  }
}

/* Windowed samples, Q5, the rest of the FFT's input zero. Equation 1. */
MOTE_INLINE void audio_features_window(const audio_features_params* p, const int16_t* samples, int32_t* x) {
  const int32_t size = 1 << p->log2_fft;
  int32_t i;
  for (i = 0; i < p->frame; ++i) {
    const int32_t from_end = p->frame - 1 - i;
    x[i] = (samples[i] * p->window[i < from_end ? i : from_end] + 512) >> 10;
  }
  for (; i < size; ++i) x[i] = 0;
}

/* Right shift after which no part of z[n] has more than 19 bits. Equation 4. */
MOTE_INLINE int32_t audio_features_shift(const int32_t* z, int32_t n) {
  uint32_t all = 0;
  int32_t i, bits = 0;
  for (i = 0; i < 2 * n; ++i) all |= (uint32_t)(z[i] < 0 ? -z[i] : z[i]);
  while (all >> bits) ++bits;
  return bits > 19 ? bits - 19 : 0;
}

/* Power of bin k, 0 < k < n, of the real signal whose even and odd samples were z. Equations 5 and 6. */
MOTE_INLINE uint64_t audio_features_power(const int32_t* z, int32_t n, int32_t k, int32_t shift,
                                          const int16_t* sine) {
  const int32_t c = sine[k + n / 2], s = sine[k];
  const int32_t* a = z + 2 * k;
  const int32_t* b = z + 2 * (n - k);
  const int32_t a0 = a[0] >> shift, a1 = a[1] >> shift, b0 = b[0] >> shift, b1 = b[1] >> shift;
  const int32_t even_re = (a0 + b0) >> 1, even_im = (a1 - b1) >> 1;
  const int32_t odd_re = (a1 + b1) >> 1, odd_im = (b0 - a0) >> 1;
  const int64_t re = even_re + mote_rotate(odd_re, c, odd_im, s);
  const int64_t im = even_im + mote_rotate(odd_im, c, odd_re, -s);
  return (uint64_t)(re * re + im * im);
}

/* log2(x), Q16, x > 0. Equation 8. */
MOTE_KERNEL int32_t mote_log2(uint64_t x) {
  int32_t exponent = 63, index, rest, low;
  for (; !(x >> 56); x <<= 8) exponent -= 8;
  for (; !(x >> 63); x <<= 1) --exponent;
  index = (int32_t)((x >> 57) & 63);
  rest = (int32_t)((x >> 47) & 1023);
  low = mote_log2_table[index];
  return exponent * 65536 + low * 2 + (((mote_log2_table[index + 1] - low) * rest + 256) >> 9);
}

MOTE_INLINE int16_t audio_features_saturate(int32_t x) {
  return (int16_t)(x < -32768 ? -32768 : x > 32767 ? 32767 : x);
}

/* Q13 of a quarter of log2. Equation 9. */
MOTE_INLINE int16_t audio_features_logarithm(const audio_features_params* p, uint64_t energy, int32_t shift) {
  if (energy == 0) return -32768;
  return audio_features_saturate((mote_log2(energy) + shift * 131072 - p->offset + 16) >> 5);
}

/* Energies of the mel filters: each frequency feeds the rising side of one and the falling side of the one
 * before. Equation 7. */
MOTE_INLINE void audio_features_mel(const audio_features_params* p, const int32_t* z, int16_t* logarithms) {
  const int32_t n = 1 << (p->log2_fft - 1);
  const int32_t shift = audio_features_shift(z, n);
  uint64_t before = 0; /* rising side of the filter whose falling side comes now */
  int32_t segment, k;
  for (segment = 0; segment <= p->bins; ++segment) {
    uint64_t all = 0, rising = 0;
    for (k = p->edges[segment]; k < p->edges[segment + 1]; ++k) {
      const uint64_t power = audio_features_power(z, n, k, shift, p->sine);
      all += power;
      rising += power * p->weights[k - p->edges[0]];
    }
    if (segment > 0)
      logarithms[segment - 1] = audio_features_logarithm(p, before + (all << 14) - rising, shift);
    before = rising;
  }
}

/* row[coefficients], Q11, from logarithms[bins], Q13. Equation 10. */
MOTE_INLINE void audio_features_dct(const audio_features_params* p, const int16_t* logarithms, int16_t* row) {
  int32_t i, m;
  for (i = 0; i < p->coefficients; ++i) {
    int32_t sum = 8192;
    for (m = 0; m < p->bins; ++m) sum += logarithms[m] * p->dct[i * p->bins + m];
    row[i] = audio_features_saturate(sum >> 14);
  }
}

/* samples[frame] to row[bins] or row[coefficients]; work: 1 << log2_fft words. */
MOTE_KERNEL void audio_features(const audio_features_params* p, const int16_t* samples, int32_t* work,
                                int16_t* row) {
  int16_t logarithms[128];
  audio_features_window(p, samples, work);
  audio_features_fft(work, 1 << (p->log2_fft - 1), p->sine, 1 << p->log2_fft);
  if (p->coefficients == 0) {
    audio_features_mel(p, work, row);
    return;
  }
  audio_features_mel(p, work, logarithms);
  audio_features_dct(p, logarithms, row);
}

/* The row in 8 bits, rounded: Q5 or Q3. Equation 11. */
MOTE_INLINE int32_t audio_features_byte(int16_t value) {
  const int32_t q = (value + 128) >> 8;
  return q > 127 ? 127 : q;
}

#endif
