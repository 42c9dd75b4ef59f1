/* The portable kernels' heaviest loops with WebAssembly's 128-bit SIMD, for a browser: the same bits. Four rows to a
 * vector, two vectors at a time; weights are widened to int16 pairs when a model is opened. Included by kernels.c only.
 */
#ifndef GRITSPACE_KERNELS_SIMD128_H
#define GRITSPACE_KERNELS_SIMD128_H

#include <stdbool.h>
#include <string.h>
#include <wasm_simd128.h>

#include "arithmetic.h"
#include "generated/tables.h"
#include "kernels.h"

#define LANES 4u
#define TILE_FRAMES 4u /* the last tile reads up to 3 frames too many */

/* prepared, behind the plain words: for 4 rows at a time: bias, mix-in, multipliers above and below zero, moved up by
 * 32 - shift; then for each tap, for each pair of inputs, 4 rows' pairs of weights. A row alone: its weights in the
 * order of the audio. */
static bool fits_wide(const grit_convolution_t *record) {
  return record->shift <= 32u && record->inputs % 2u == 0u;
}

/* A head's only row: its inputs fill the lanes. */
static bool is_alone(const grit_convolution_t *record) {
  return record->rows == 1u && record->inputs % 8u == 0u && record->mixin == 0u;
}

static size_t group_words(const grit_convolution_t *record) {
  return LANES * (4u + (size_t)record->kernel * record->inputs / 2u);
}

static size_t wide_words(const grit_convolution_t *record) {
  if (!fits_wide(record)) return 0u;
  if (is_alone(record)) return (size_t)record->kernel * record->inputs / 2u;
  return (record->rows + LANES - 1u) / LANES * group_words(record);
}

static uint32_t pair_of(const int8_t *w) {
  return ((uint32_t)w[1] << 16) | ((uint32_t)w[0] & 0xFFFFu);
}

static void prepare_wide(const grit_conv_t *conv, uint32_t *to) {
  const grit_convolution_t *record = conv->record;
  const int8_t *weight = (const int8_t *)(conv->blob + record->weight);
  const size_t fan_in = (size_t)record->kernel * record->inputs;
  memset(to, 0, wide_words(record) * sizeof *to);
  if (is_alone(record)) {
    for (size_t i = 0; i < fan_in; i += 2u) to[i / 2u] = pair_of(weight + i);
    return;
  }
  for (uint32_t row = 0; row < record->rows; row++) {
    uint32_t *group = to + row / LANES * group_words(record) + row % LANES;
    if (record->mixin != 0u) group[LANES] = (uint32_t)((const int8_t *)(conv->blob + record->mixin))[row];
    for (size_t i = 0; i < fan_in; i += 2u) group[(4u + i / 2u) * LANES] = pair_of(weight + row * fan_in + i);
  }
}

static void set_rows_wide(const grit_conv_t *conv, uint32_t *to, const uint32_t *bias, const uint32_t *pairs) {
  const uint32_t up = 32u - conv->record->shift;
  if (is_alone(conv->record)) return;
  for (uint32_t row = 0; row < conv->record->rows; row++) {
    uint32_t *group = to + row / LANES * group_words(conv->record) + row % LANES;
    group[0] = bias[row];
    group[2u * LANES] = (pairs[row] & 0xFFFFu) << up;
    group[3u * LANES] = (pairs[row] >> 16) << up;
  }
}

static void set_row_wide(const grit_conv_t *conv, uint32_t *to, uint32_t row, const grit_row_t *from) {
  const uint32_t fan_in = (uint32_t)conv->record->kernel * conv->record->inputs;
  if (is_alone(conv->record)) {
    memcpy(to, from->weight, fan_in * sizeof(int16_t));
    return;
  }
  uint32_t *group = to + row / LANES * group_words(conv->record) + row % LANES;
  if (conv->record->mixin != 0u) group[LANES] = (uint32_t)(int32_t)from->mixin;
  for (uint32_t i = 0; i < fan_in; i += 2u) memcpy(&group[(4u + i / 2u) * LANES], from->weight + i, sizeof *group);
}

/* (acc * multiplier + 2^31) >> 32 in every lane: the requantization rule with its multiplier moved up. */
static inline v128_t scaled(v128_t acc, v128_t above, v128_t below) {
  const v128_t half = wasm_i64x2_const_splat((int64_t)1 << 31);
  const v128_t chosen = wasm_v128_bitselect(below, above, wasm_i32x4_shr(acc, 31));
  const v128_t low = wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(acc, chosen), half);
  const v128_t high = wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(acc, chosen), half);
  return wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
}

/* Eight interpolated look-ups: the addresses one by one, the rest side by side. */
static inline v128_t tanh_of(v128_t x) {
  const v128_t entry = wasm_i16x8_add(wasm_i16x8_shr(x, 7), wasm_i16x8_const_splat(256));
  const uint32_t *table = grit_tanh_table;
#define ENTRY(lane) ((const void *)(table + wasm_u16x8_extract_lane(entry, lane)))
  v128_t low = wasm_v128_load32_zero(ENTRY(0)), high = wasm_v128_load32_zero(ENTRY(4));
  low = wasm_v128_load32_lane(ENTRY(1), low, 1);
  high = wasm_v128_load32_lane(ENTRY(5), high, 1);
  low = wasm_v128_load32_lane(ENTRY(2), low, 2);
  high = wasm_v128_load32_lane(ENTRY(6), high, 2);
  low = wasm_v128_load32_lane(ENTRY(3), low, 3);
  high = wasm_v128_load32_lane(ENTRY(7), high, 3);
#undef ENTRY
  /* (base * 128 + slope * (x & 127) + half) >> 7, where half is 64, and 63 below zero: one dot product of the entry's
   * two halves with 128 and the rest. */
  const v128_t rest = wasm_v128_and(x, wasm_i16x8_const_splat(127)), unit = wasm_i16x8_const_splat(128);
  const v128_t sign = wasm_i16x8_shr(x, 15);
  const v128_t with_low = wasm_i16x8_shuffle(unit, rest, 0, 8, 1, 9, 2, 10, 3, 11);
  const v128_t with_high = wasm_i16x8_shuffle(unit, rest, 4, 12, 5, 13, 6, 14, 7, 15);
  const v128_t half = wasm_i32x4_const_splat(64);
  const v128_t a =
      wasm_i32x4_add(wasm_i32x4_add(wasm_i32x4_dot_i16x8(low, with_low), half), wasm_i32x4_extend_low_i16x8(sign));
  const v128_t b =
      wasm_i32x4_add(wasm_i32x4_add(wasm_i32x4_dot_i16x8(high, with_high), half), wasm_i32x4_extend_high_i16x8(sign));
  return wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(a, 7), wasm_i32x4_shr(b, 7));
}

static void tanh_wide(int16_t *x, size_t count) {
  size_t i = 0;
  for (; i + 8u <= count; i += 8u) wasm_v128_store(x + i, tanh_of(wasm_v128_load(x + i)));
  if (i == count) return;
  int16_t rest[8] = {0};
  memcpy(rest, x + i, (count - i) * sizeof *x);
  wasm_v128_store(rest, tanh_of(wasm_v128_load(rest)));
  memcpy(x + i, rest, (count - i) * sizeof *x);
}

static inline void put(int16_t *to, v128_t values, size_t rows) {
  if (rows == 8u) {
    wasm_v128_store(to, values);
    return;
  }
  int16_t lanes[8];
  wasm_v128_store(lanes, values);
  memcpy(to, lanes, rows * sizeof(int16_t));
}

/* added: NULL, or what is added to the result with saturation (and lies as out does). groups: 1 or 2 of LANES rows, of
 * which `lanes` rows are there. */
static inline __attribute__((always_inline)) void groups_wide(const grit_conv_t *conv, const uint32_t *group,
                                                              const int16_t *const *taps, size_t first,
                                                              const int32_t *dry, const int16_t *added, int16_t *out,
                                                              size_t frames, size_t groups, size_t lanes,
                                                              size_t inputs) {
  const size_t rows = conv->record->rows, kernel = conv->record->kernel, apart = group_words(conv->record);
  const bool mixes = conv->record->mixin != 0u;
  for (size_t frame = 0; frame < frames; frame += TILE_FRAMES) {
    v128_t acc[2][TILE_FRAMES];
    for (size_t g = 0; g < groups; g++)
      for (size_t f = 0; f < TILE_FRAMES; f++) acc[g][f] = wasm_v128_load(group + g * apart);
    for (size_t f = 0; mixes && f < TILE_FRAMES; f++) {
      const v128_t x = wasm_v128_load32_splat(dry + frame + f);
      for (size_t g = 0; g < groups; g++)
        acc[g][f] = wasm_i32x4_add(acc[g][f], wasm_i32x4_mul(wasm_v128_load(group + g * apart + LANES), x));
    }
    const uint32_t *weight = group + 4u * LANES;
    for (size_t tap = 0; tap < kernel; tap++) {
      const int16_t *x = taps[tap] + (first + frame) * inputs;
      for (size_t i = 0; i < inputs; i += 2u, weight += LANES) {
        v128_t w[2];
        for (size_t g = 0; g < groups; g++) w[g] = wasm_v128_load(weight + g * apart);
        for (size_t f = 0; f < TILE_FRAMES; f++) {
          const v128_t pair = wasm_v128_load32_splat(x + f * inputs + i);
          for (size_t g = 0; g < groups; g++) acc[g][f] = wasm_i32x4_add(acc[g][f], wasm_i32x4_dot_i16x8(w[g], pair));
        }
      }
    }
    const size_t whole = frames - frame < TILE_FRAMES ? frames - frame : TILE_FRAMES;
    // cppcheck-suppress knownConditionTrueFalse ; it takes `whole` for 0, which frame < frames rules out
    for (size_t f = 0; f < TILE_FRAMES && f < whole; f++) {
      v128_t result[2];
      for (size_t g = 0; g < groups; g++)
        result[g] = scaled(acc[g][f], wasm_v128_load(group + g * apart + 2u * LANES),
                           wasm_v128_load(group + g * apart + 3u * LANES));
      v128_t values = wasm_i16x8_narrow_i32x4(result[0], result[groups - 1u]);
      if (added != NULL) {
        const int16_t *from = added + (frame + f) * rows;
        int16_t stream[8] = {0};
        if (lanes != 8u) memcpy(stream, from, lanes * sizeof(int16_t));
        values = wasm_i16x8_add_sat(values, wasm_v128_load(lanes == 8u ? from : stream));
      }
      put(out + (frame + f) * rows, values, lanes);
    }
  }
}

/* A row alone. */
static void alone_wide(const grit_conv_t *conv, const uint32_t *words, const int16_t *const *taps, size_t first,
                       int16_t *out, size_t frames) {
  const int32_t bias = (int32_t)words[-2]; /* the plain words */
  const uint32_t multiplier = words[-1];
  const size_t inputs = conv->record->inputs, kernel = conv->record->kernel;
  for (size_t frame = 0; frame < frames; frame++) {
    const uint32_t *weight = words;
    v128_t sum = wasm_i32x4_const_splat(0);
    for (size_t tap = 0; tap < kernel; tap++) {
      const int16_t *x = taps[tap] + (first + frame) * inputs;
      for (size_t i = 0; i < inputs; i += 8u, weight += 4)
        sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_v128_load(weight), wasm_v128_load(x + i)));
    }
    sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 2, 3, 0, 1));
    sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 1, 0, 3, 2));
    out[frame] = grit_requantize(bias + wasm_i32x4_extract_lane(sum, 0), multiplier, conv->record->shift);
  }
}

/* Known shapes unroll. */
#define SHAPE(groups, lanes, inputs) \
  groups_wide(conv, group, taps, first, dry, onto, out + row, frames, (groups), (lanes), (inputs))

static void convolve_wide(const grit_conv_t *conv, const uint32_t *group, const int16_t *const *taps, size_t first,
                          const int32_t *dry, const int16_t *added, int16_t *out, size_t frames) {
  const size_t rows = conv->record->rows, inputs = conv->record->inputs;
  if (is_alone(conv->record)) {
    alone_wide(conv, group, taps, first, out, frames);
    return;
  }
  for (size_t row = 0; row < rows; row += 2u * LANES, group += 2u * group_words(conv->record)) {
    const size_t left = rows - row; /* a vector pair, or what is left */
    const int16_t *onto = added == NULL ? NULL : added + row;
    if (left >= 8u && inputs == 8u)
      SHAPE(2u, 8u, 8u);
    else if (left >= 8u && inputs == 16u)
      SHAPE(2u, 8u, 16u);
    else if (left >= 8u)
      SHAPE(2u, 8u, inputs);
    else if (left > LANES)
      SHAPE(2u, left, inputs);
    else if (left == 4u && inputs == 4u)
      SHAPE(1u, 4u, 4u);
    else
      SHAPE(1u, left, inputs);
  }
}

#undef SHAPE

/* Channels by eight. */
static bool skips_wide(size_t channels) {
  return channels % 8u == 0u;
}

static void skip_wide(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels, size_t frames) {
  for (size_t c = 0; c < channels; c += 8u) {
    const v128_t w = wasm_i16x8_load8x8(weight + c);
    for (size_t frame = 0; frame < frames; frame++) {
      int32_t *sum = skips + frame * channels + c;
      const v128_t x = wasm_v128_load(z + frame * channels + c);
      wasm_v128_store(sum, wasm_i32x4_add(wasm_v128_load(sum), wasm_i32x4_extmul_low_i16x8(x, w)));
      wasm_v128_store(sum + 4, wasm_i32x4_add(wasm_v128_load(sum + 4), wasm_i32x4_extmul_high_i16x8(x, w)));
    }
  }
}

#endif
