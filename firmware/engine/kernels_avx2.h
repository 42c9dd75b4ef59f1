/* The portable kernels' heaviest loops with AVX2, for a laptop that has it: the same bits. Eight rows at a time;
 * weights are widened to int16 pairs when a model is opened. Included by kernels.c only. */
#ifndef GRITSPACE_KERNELS_AVX2_H
#define GRITSPACE_KERNELS_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "kernels.h"
#include "kernels_avx_tanh.h"

#define LANES 8u
#define TILE_FRAMES 4u /* the last tile reads up to 3 frames too many */
#define MAX_TILE_FRAMES 8u
#define MAX_TILE_GROUPS 2u
#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)
#define USE_MANY
#endif

/* prepared, behind the plain words: for 8 rows at a time (lanes_of): bias, mix-in, multipliers above and below zero,
 * moved up by 32 - shift; then for each tap, for each pair of inputs, 8 rows' pairs of weights. */
static bool fits_wide(const grit_convolution_t *record) {
  return record->shift <= 32u && record->inputs % 2u == 0u;
}

static uint32_t lanes_of(const grit_convolution_t *record) {
#ifdef USE_MANY
  if (record->rows % 16u == 0u) return 16u;
#endif
  (void)record;
  return LANES;
}

static size_t group_words(const grit_convolution_t *record) {
  return lanes_of(record) * (4u + (size_t)record->kernel * record->inputs / 2u);
}

static size_t wide_words(const grit_convolution_t *record) {
  const uint32_t lanes = lanes_of(record);
  return fits_wide(record) ? (record->rows + lanes - 1u) / lanes * group_words(record) : 0u;
}

static void prepare_wide(const grit_conv_t *conv, uint32_t *to) {
  const grit_convolution_t *record = conv->record;
  const int8_t *weight = (const int8_t *)(conv->blob + record->weight);
  const size_t fan_in = (size_t)record->kernel * record->inputs;
  const uint32_t lanes = lanes_of(record);
  tanh_start();
  memset(to, 0, wide_words(record) * sizeof *to);
  for (uint32_t row = 0; row < record->rows; row++) {
    uint32_t *group = to + row / lanes * group_words(record) + row % lanes;
    if (record->mixin != 0u) group[lanes] = (uint32_t)((const int8_t *)(conv->blob + record->mixin))[row] & 0xFFFFu;
    for (size_t i = 0; i < fan_in; i += 2u) {
      const int8_t *w = weight + row * fan_in + i;
      group[(4u + i / 2u) * lanes] = ((uint32_t)w[1] << 16) | ((uint32_t)w[0] & 0xFFFFu);
    }
  }
}

static void set_rows_wide(const grit_conv_t *conv, uint32_t *to, const uint32_t *bias, const uint32_t *pairs) {
  const uint32_t up = 32u - conv->record->shift, lanes = lanes_of(conv->record);
  for (uint32_t row = 0; row < conv->record->rows; row++) {
    uint32_t *group = to + row / lanes * group_words(conv->record) + row % lanes;
    group[0] = bias[row];
    group[2u * lanes] = (pairs[row] & 0xFFFFu) << up;
    group[3u * lanes] = (pairs[row] >> 16) << up;
  }
}

static void set_row_wide(const grit_conv_t *conv, uint32_t *to, uint32_t row, const grit_row_t *from) {
  const uint32_t lanes = lanes_of(conv->record), fan_in = (uint32_t)conv->record->kernel * conv->record->inputs;
  uint32_t *group = to + row / lanes * group_words(conv->record) + row % lanes;
  if (conv->record->mixin != 0u) group[lanes] = (uint32_t)from->mixin & 0xFFFFu;
  for (uint32_t i = 0; i < fan_in; i += 2u) memcpy(&group[(4u + i / 2u) * lanes], from->weight + i, sizeof *group);
}

static inline __m256i load(const uint32_t *words) {
  return _mm256_loadu_si256((const __m256i *)(const void *)words);
}

/* (acc * multiplier + 2^31) >> 32 in every lane: the requantization rule with its multiplier moved up. */
static inline __m256i scaled(__m256i acc, __m256i multiplier) {
  const __m256i half = _mm256_set1_epi64x((int64_t)1 << 31);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, multiplier), half);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(multiplier, 32)), half);
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}

/* slopes: accumulators below zero meet another multiplier. */
static inline __m256i requantized(__m256i acc, const uint32_t *group, bool slopes) {
  const __m256i above = load(group + 2u * LANES);
  if (!slopes) return scaled(acc, above);
  return scaled(acc, _mm256_blendv_epi8(above, load(group + 3u * LANES), _mm256_srai_epi32(acc, 31)));
}

static inline __m128i narrowed(__m256i values) {
  return _mm_packs_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
}

static inline void put(int16_t *to, __m128i values, size_t rows) {
  int16_t lanes[LANES];
  if (rows >= LANES) {
    _mm_storeu_si128((__m128i *)(void *)to, values);
    return;
  }
  _mm_storeu_si128((__m128i *)(void *)lanes, values);
  memcpy(to, lanes, rows * sizeof(int16_t));
}

/* acc + the pairs' products: one instruction where the machine has it. */
static inline __m256i with_products(__m256i acc, __m256i weights, __m256i pairs) {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
  return _mm256_dpwssd_epi32(acc, weights, pairs);
#elif defined(__AVXVNNI__)
  return _mm256_dpwssd_avx_epi32(acc, weights, pairs);
#else
  return _mm256_add_epi32(acc, _mm256_madd_epi16(weights, pairs));
#endif
}

static inline __m256i pair_of(const int16_t *x) {
  int32_t pair;
  memcpy(&pair, x, sizeof pair);
  return _mm256_set1_epi32(pair);
}

/* What a tile works on. added: NULL, or what is added to the result with saturation (and lies as out does). */
typedef struct {
  const grit_conv_t *conv;
  const uint32_t *group;
  const int16_t *const *taps;
  size_t first; /* frame of the taps that is frame 0 */
  const int32_t *dry;
  const int16_t *added;
  int16_t *out;
  size_t lanes; /* rows of the last group that are there */
} wide_t;

/* All of a tile, where rows and frames lie without gaps: two vectors of sums make one of outputs. */
static inline __attribute__((always_inline)) void put_whole(const wide_t *w, size_t frame,
                                                            const __m256i acc[][MAX_TILE_FRAMES], size_t size,
                                                            const size_t frames, const size_t groups, bool slopes) {
  int16_t *out = w->out + frame * groups * LANES;
  const int16_t *added = w->added == NULL ? NULL : w->added + frame * groups * LANES;
  for (size_t n = 0; n < frames * groups; n += 2u) {
    const size_t second = n + 1u;
    const __m256i a = requantized(acc[n % groups][n / groups], w->group + n % groups * size, slopes);
    const __m256i b = requantized(acc[second % groups][second / groups], w->group + second % groups * size, slopes);
    __m256i values = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8);
    if (added != NULL)
      values = _mm256_adds_epi16(values, _mm256_loadu_si256((const __m256i *)(const void *)(added + n * LANES)));
    _mm256_storeu_si256((__m256i *)(void *)(out + n * LANES), values);
  }
}

/* `frames` frames by `groups` groups of rows, all sums in registers; `whole` of the frames are there. */
static inline __attribute__((always_inline)) void tile_wide(const wide_t *w, size_t frame, size_t whole, size_t inputs,
                                                            const size_t frames, const size_t groups) {
  const grit_convolution_t *record = w->conv->record;
  const size_t rows = record->rows, kernel = record->kernel, size = LANES * (4u + kernel * inputs / 2u);
  __m256i acc[MAX_TILE_GROUPS][MAX_TILE_FRAMES];
  for (size_t g = 0; g < groups; g++)
    for (size_t f = 0; f < frames; f++) {
      acc[g][f] = load(w->group + g * size);
      if (record->mixin == 0u) continue;
      const __m256i mixin = load(w->group + g * size + LANES), dry = _mm256_set1_epi32(w->dry[frame + f]);
      acc[g][f] = with_products(acc[g][f], mixin, dry); /* the upper half of a pair is nothing */
    }
  const uint32_t *weight = w->group + 4u * LANES;
  for (size_t tap = 0; tap < kernel; tap++) {
    const int16_t *x = w->taps[tap] + (w->first + frame) * inputs;
    for (size_t i = 0; i < inputs; i += 2u, weight += LANES) {
      const __m256i weights[MAX_TILE_GROUPS] = {load(weight), load(weight + (groups - 1u) * size)};
      for (size_t f = 0; f < frames; f++) {
        const __m256i pairs = pair_of(x + f * inputs + i);
        for (size_t g = 0; g < groups; g++) acc[g][f] = with_products(acc[g][f], weights[g], pairs);
      }
    }
  }
  const bool slopes = w->conv->slope != GRIT_NO_SLOPE;
  if (whole == frames && w->lanes == LANES && rows == groups * LANES) {
    put_whole(w, frame, acc, size, frames, groups, slopes);
    return;
  }
  for (size_t f = 0; f < whole; f++)
    for (size_t g = 0; g < groups; g++) {
      const size_t at = (frame + f) * rows + g * LANES, lanes = g + 1u < groups ? LANES : w->lanes;
      __m128i values = narrowed(requantized(acc[g][f], w->group + g * size, slopes));
      if (w->added != NULL) {
        int16_t stream[LANES] = {0};
        memcpy(stream, w->added + at, lanes * sizeof(int16_t));
        values = _mm_adds_epi16(values, _mm_loadu_si128((const __m128i *)(const void *)stream));
      }
      put(w->out + at, values, lanes);
    }
}

/* By eight frames, as long as there are so many; then by four. */
static inline __attribute__((always_inline)) void groups_wide(const wide_t *w, size_t frames, size_t inputs,
                                                              const size_t groups) {
  size_t frame = 0;
  for (; groups == 1u && frame + MAX_TILE_FRAMES <= frames; frame += MAX_TILE_FRAMES)
    tile_wide(w, frame, MAX_TILE_FRAMES, inputs, MAX_TILE_FRAMES, groups);
  for (; frame < frames; frame += TILE_FRAMES)
    tile_wide(w, frame, frames - frame < TILE_FRAMES ? frames - frame : TILE_FRAMES, inputs, TILE_FRAMES, groups);
}

#ifdef USE_MANY
#include "kernels_avx512.h"
#endif

static inline __attribute__((always_inline)) void rows_wide(const wide_t *w, size_t frames, size_t inputs) {
#ifdef USE_MANY
  if (lanes_of(w->conv->record) == MANY_LANES) {
    rows_many(w, frames, inputs);
    return;
  }
#endif
  wide_t now = *w;
  const size_t rows = w->conv->record->rows;
  for (size_t row = 0; row < rows;) {
    const size_t left = rows - row, groups = left >= 2u * LANES ? 2u : 1u;
    now.lanes = left < LANES ? left : LANES;
    if (groups == 2u)
      groups_wide(&now, frames, inputs, 2u);
    else
      groups_wide(&now, frames, inputs, 1u);
    row += groups * LANES;
    now.group += groups * group_words(w->conv->record);
    now.out += groups * LANES;
    if (now.added != NULL) now.added += groups * LANES;
  }
}

static void convolve_wide(const grit_conv_t *conv, const uint32_t *group, const int16_t *const *taps, size_t first,
                          const int32_t *dry, const int16_t *added, int16_t *out, size_t frames) {
  const wide_t w = {conv, group, taps, first, dry, added, out, LANES};
  switch (conv->record->inputs) { /* known widths unroll */
    case 2:
      rows_wide(&w, frames, 2);
      break;
    case 4:
      rows_wide(&w, frames, 4);
      break;
    case 8:
      rows_wide(&w, frames, 8);
      break;
    case 16:
      rows_wide(&w, frames, 16);
      break;
    default:
      rows_wide(&w, frames, conv->record->inputs);
  }
}

/* Channels by eight. */
static bool skips_wide(size_t channels) {
  return channels % LANES == 0u;
}

static void skip_wide(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels, size_t frames) {
  for (size_t c = 0; c < channels; c += LANES) {
    int8_t weights[16] = {0};
    memcpy(weights, weight + c, LANES);
    const __m256i w = _mm256_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)weights));
    for (size_t frame = 0; frame < frames; frame++) {
      __m256i *sum = (__m256i *)(void *)(skips + frame * channels + c);
      const __m128i values = _mm_loadu_si128((const __m128i *)(const void *)(z + frame * channels + c));
      const __m256i product = _mm256_mullo_epi32(_mm256_cvtepi16_epi32(values), w);
      _mm256_storeu_si256(sum, _mm256_add_epi32(_mm256_loadu_si256(sum), product));
    }
  }
}

/* Channels by eight: (x >> (shift - 1)) + 1 >> 1, and x where the shift is 0. */
static void shift_wide(int16_t *to, const int16_t *from, const int8_t *shift, size_t channels, size_t frames) {
  for (size_t c = 0; c < channels; c += LANES) {
    const __m256i all = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(shift + c)));
    const __m256i last = _mm256_min_epi32(all, _mm256_set1_epi32(1)), first = _mm256_sub_epi32(all, last);
    for (size_t at = c; at < frames * channels; at += channels) {
      const __m256i x = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(from + at)));
      const __m256i y = _mm256_srav_epi32(_mm256_add_epi32(_mm256_srav_epi32(x, first), last), last);
      _mm_storeu_si128((__m128i *)(void *)(to + at), narrowed(y));
    }
  }
}

#endif
