/* The portable kernels' heaviest loops with NEON, for a laptop or a single-board computer with a 64-bit Arm core: the
 * same bits. Eight rows to a tile of four frames; weights are widened to int16 when a model is opened, so that a
 * product and its sum are one instruction, four at a time (SMLAL by a lane). Included by kernels.c only. */
#ifndef GRITSPACE_KERNELS_NEON_H
#define GRITSPACE_KERNELS_NEON_H

#include <arm_neon.h>
#include <stdbool.h>
#include <string.h>

#include "arithmetic.h"
#include "generated/tables.h"
#include "kernels.h"

#define LANES 8u
#define TILE_FRAMES 4u /* the last tile reads up to 3 frames too many */
#define GROUP_HEAD (4u * LANES)
#define MAX_SHIFT 31u /* up to it a multiplier can be moved up so that SQRDMULH is the rounding rule */

/* prepared, behind the plain words: for 8 rows at a time: bias, mix-in, multipliers above and below zero, moved up by
 * 31 - shift; then for each tap, for each input, 8 rows' weights. */
static bool fits_wide(const grit_convolution_t *record) {
  return record->shift <= MAX_SHIFT;
}

static size_t group_words(const grit_convolution_t *record) {
  return GROUP_HEAD + LANES / 2u * (size_t)record->kernel * record->inputs;
}

static size_t wide_words(const grit_convolution_t *record) {
  return fits_wide(record) ? (record->rows + LANES - 1u) / LANES * group_words(record) : 0u;
}

static void prepare_wide(const grit_conv_t *conv, uint32_t *to) {
  const grit_convolution_t *record = conv->record;
  const int8_t *weight = (const int8_t *)(conv->blob + record->weight);
  const size_t fan_in = (size_t)record->kernel * record->inputs;
  memset(to, 0, wide_words(record) * sizeof *to);
  for (uint32_t row = 0; row < record->rows; row++) {
    uint32_t *group = to + row / LANES * group_words(record);
    int16_t *weights = (int16_t *)(void *)(group + GROUP_HEAD) + row % LANES;
    if (record->mixin != 0u) group[LANES + row % LANES] = (uint32_t)((const int8_t *)(conv->blob + record->mixin))[row];
    for (size_t i = 0; i < fan_in; i++) weights[LANES * i] = weight[row * fan_in + i];
  }
}

static void set_rows_wide(const grit_conv_t *conv, uint32_t *to, const uint32_t *bias, const uint32_t *pairs) {
  const uint32_t up = MAX_SHIFT - conv->record->shift;
  for (uint32_t row = 0; row < conv->record->rows; row++) {
    uint32_t *group = to + row / LANES * group_words(conv->record) + row % LANES;
    group[0] = bias[row];
    group[2u * LANES] = (pairs[row] & 0xFFFFu) << up;
    group[3u * LANES] = (pairs[row] >> 16) << up;
  }
}

static void set_row_wide(const grit_conv_t *conv, uint32_t *to, uint32_t row, const grit_row_t *from) {
  const uint32_t fan_in = (uint32_t)conv->record->kernel * conv->record->inputs;
  uint32_t *group = to + row / LANES * group_words(conv->record);
  int16_t *weights = (int16_t *)(void *)(group + GROUP_HEAD) + row % LANES;
  if (conv->record->mixin != 0u) group[LANES + row % LANES] = (uint32_t)(int32_t)from->mixin;
  for (uint32_t i = 0; i < fan_in; i++) weights[LANES * i] = from->weight[i];
}

/* A tile's sums: the first four rows, the last four, of each frame. */
typedef struct {
  int32x4_t low[TILE_FRAMES], high[TILE_FRAMES];
} sums_t;

#define ONE_FRAME(frame, input)                                                           \
  sums->low[frame] = vmlal_laneq_s16(sums->low[frame], vget_low_s16(w), x[frame], input); \
  sums->high[frame] = vmlal_high_laneq_s16(sums->high[frame], w, x[frame], input);
#define ONE_INPUT(input)                                  \
  {                                                       \
    const int16x8_t w = vld1q_s16(weight + 8u * (input)); \
    ONE_FRAME(0, input)                                   \
    ONE_FRAME(1, input)                                   \
    ONE_FRAME(2, input)                                   \
    ONE_FRAME(3, input)                                   \
  }

static inline __attribute__((always_inline)) void add_four(sums_t *sums, const int16_t *weight, const int16x8_t *x) {
  ONE_INPUT(0)
  ONE_INPUT(1)
  ONE_INPUT(2)
  ONE_INPUT(3)
}

static inline __attribute__((always_inline)) void add_eight(sums_t *sums, const int16_t *weight, const int16x8_t *x) {
  add_four(sums, weight, x);
  ONE_INPUT(4)
  ONE_INPUT(5)
  ONE_INPUT(6)
  ONE_INPUT(7)
}

#undef ONE_INPUT
#undef ONE_FRAME

/* One tap's products. x: of the tile's first frame. */
static inline __attribute__((always_inline)) void add_tap(sums_t *sums, const int16_t *weight, const int16_t *x,
                                                          size_t inputs) {
  size_t i = 0;
  int16x8_t frames[TILE_FRAMES];
  for (; i + 8u <= inputs; i += 8u, weight += 8u * LANES) {
    for (size_t f = 0; f < TILE_FRAMES; f++) frames[f] = vld1q_s16(x + f * inputs + i);
    add_eight(sums, weight, frames);
  }
  for (; i + 4u <= inputs; i += 4u, weight += 4u * LANES) {
    for (size_t f = 0; f < TILE_FRAMES; f++) frames[f] = vcombine_s16(vld1_s16(x + f * inputs + i), vdup_n_s16(0));
    add_four(sums, weight, frames);
  }
  for (; i < inputs; i++, weight += LANES) {
    const int16x8_t w = vld1q_s16(weight);
    for (size_t f = 0; f < TILE_FRAMES; f++) {
      const int16x4_t one = vld1_dup_s16(x + f * inputs + i);
      sums->low[f] = vmlal_s16(sums->low[f], vget_low_s16(w), one);
      sums->high[f] = vmlal_s16(sums->high[f], vget_high_s16(w), one);
    }
  }
}

/* (acc * multiplier + 2^31) >> 32 in every lane, the multiplier chosen by the accumulator's sign. */
static inline int32x4_t scaled(int32x4_t acc, int32x4_t above, int32x4_t below, bool leaky) {
  return vqrdmulhq_s32(acc, leaky ? vbslq_s32(vcltzq_s32(acc), below, above) : above);
}

static inline void put(int16_t *to, int16x8_t values, size_t rows) {
  if (rows == LANES) {
    vst1q_s16(to, values);
    return;
  }
  int16_t lanes[LANES];
  vst1q_s16(lanes, values);
  memcpy(to, lanes, rows * sizeof(int16_t));
}

static inline int16x8_t take(const int16_t *from, size_t rows) {
  if (rows == LANES) return vld1q_s16(from);
  int16_t lanes[LANES] = {0};
  memcpy(lanes, from, rows * sizeof(int16_t));
  return vld1q_s16(lanes);
}

/* added: NULL, or what is added to the result with saturation (and lies as out does). lanes: rows that are there. */
static inline __attribute__((always_inline)) void group_wide(const grit_conv_t *conv, const uint32_t *group,
                                                             const int16_t *const *taps, size_t first,
                                                             const int32_t *dry, const int16_t *added, int16_t *out,
                                                             size_t frames, size_t lanes, size_t inputs) {
  const size_t rows = conv->record->rows, kernel = conv->record->kernel;
  const bool mixes = conv->record->mixin != 0u, leaky = conv->slope != GRIT_NO_SLOPE;
  const int32_t *head = (const int32_t *)(const void *)group;
  for (size_t frame = 0; frame < frames; frame += TILE_FRAMES) {
    sums_t sums;
    const int32x4_t low_mix = vld1q_s32(head + LANES), high_mix = vld1q_s32(head + LANES + 4u);
    for (size_t f = 0; f < TILE_FRAMES; f++) {
      sums.low[f] = vld1q_s32(head);
      sums.high[f] = vld1q_s32(head + 4);
      if (!mixes) continue;
      sums.low[f] = vmlaq_n_s32(sums.low[f], low_mix, dry[frame + f]);
      sums.high[f] = vmlaq_n_s32(sums.high[f], high_mix, dry[frame + f]);
    }
    const int16_t *weight = (const int16_t *)(const void *)(group + GROUP_HEAD);
    for (size_t tap = 0; tap < kernel; tap++, weight += LANES * inputs)
      add_tap(&sums, weight, taps[tap] + (first + frame) * inputs, inputs);
    for (size_t f = 0; f < TILE_FRAMES && frame + f < frames; f++) {
      const int32x4_t low = scaled(sums.low[f], vld1q_s32(head + 2u * LANES), vld1q_s32(head + 3u * LANES), leaky);
      const int32x4_t high =
          scaled(sums.high[f], vld1q_s32(head + 2u * LANES + 4u), vld1q_s32(head + 3u * LANES + 4u), leaky);
      int16x8_t values = vqmovn_high_s32(vqmovn_s32(low), high);
      if (added != NULL) values = vqaddq_s16(values, take(added + (frame + f) * rows, lanes));
      put(out + (frame + f) * rows, values, lanes);
    }
  }
}

/* Known shapes unroll. */
#define SHAPE(lanes, inputs) group_wide(conv, group, taps, first, dry, onto, out + row, frames, (lanes), (inputs))

static void convolve_wide(const grit_conv_t *conv, const uint32_t *group, const int16_t *const *taps, size_t first,
                          const int32_t *dry, const int16_t *added, int16_t *out, size_t frames) {
  const size_t rows = conv->record->rows, inputs = conv->record->inputs;
  for (size_t row = 0; row < rows; row += LANES, group += group_words(conv->record)) {
    const size_t left = rows - row;
    const int16_t *onto = added == NULL ? NULL : added + row;
    if (left >= LANES && inputs == 8u)
      SHAPE(8u, 8u);
    else if (left >= LANES && inputs == 16u)
      SHAPE(8u, 16u);
    else if (left >= LANES)
      SHAPE(8u, inputs);
    else if (left == 4u && inputs == 4u)
      SHAPE(4u, 4u);
    else
      SHAPE(left, inputs);
  }
}

#undef SHAPE

/* Eight interpolated look-ups: the addresses one by one, the rest side by side. */
static inline int16x8_t tanh_of(int16x8_t x) {
  const int16x8_t entry = vaddq_s16(vshrq_n_s16(x, 7), vdupq_n_s16(256));
  const uint32_t *table = grit_tanh_table;
  uint32x4_t a = vld1q_dup_u32(table + vgetq_lane_s16(entry, 0)), b = vld1q_dup_u32(table + vgetq_lane_s16(entry, 4));
  a = vld1q_lane_u32(table + vgetq_lane_s16(entry, 1), a, 1);
  b = vld1q_lane_u32(table + vgetq_lane_s16(entry, 5), b, 1);
  a = vld1q_lane_u32(table + vgetq_lane_s16(entry, 2), a, 2);
  b = vld1q_lane_u32(table + vgetq_lane_s16(entry, 6), b, 2);
  a = vld1q_lane_u32(table + vgetq_lane_s16(entry, 3), a, 3);
  b = vld1q_lane_u32(table + vgetq_lane_s16(entry, 7), b, 3);
  /* (base * 128 + slope * (x & 127) + half) >> 7, where half is 64, and 63 below zero. */
  const int16x8_t base = vuzp1q_s16(vreinterpretq_s16_u32(a), vreinterpretq_s16_u32(b));
  const int16x8_t slope = vuzp2q_s16(vreinterpretq_s16_u32(a), vreinterpretq_s16_u32(b));
  const int16x8_t rest = vandq_s16(x, vdupq_n_s16(127)), sign = vshrq_n_s16(x, 15);
  int32x4_t low = vaddw_s16(vshll_n_s16(vget_low_s16(base), 7), vget_low_s16(sign));
  int32x4_t high = vaddw_high_s16(vshll_high_n_s16(base, 7), sign);
  low = vmlal_s16(low, vget_low_s16(slope), vget_low_s16(rest));
  high = vmlal_high_s16(high, slope, rest);
  return vrshrn_high_n_s32(vrshrn_n_s32(low, 7), high, 7);
}

static void tanh_wide(int16_t *x, size_t count) {
  size_t i = 0;
  for (; i + 8u <= count; i += 8u) vst1q_s16(x + i, tanh_of(vld1q_s16(x + i)));
  if (i < count) put(x + i, tanh_of(take(x + i, count - i)), count - i);
}

/* Channels by eight. */
static bool skips_wide(size_t channels) {
  return channels % LANES == 0u;
}

static bool skips_many(size_t channels) {
  return skips_wide(channels);
}

static void skip_two_many(int32_t *skips, const grit_skip_t *first, const grit_skip_t *second, size_t channels,
                          size_t frames) {
  for (size_t c = 0; c < channels; c += LANES) {
    const int16x8_t v = vmovl_s8(vld1_s8(first->weight + c)), w = vmovl_s8(vld1_s8(second->weight + c));
    for (size_t frame = 0; frame < frames; frame++) {
      int32_t *sum = skips + frame * channels + c;
      const int16x8_t x = vld1q_s16(first->z + frame * channels + c), y = vld1q_s16(second->z + frame * channels + c);
      const int32x4_t low = vmlal_s16(vld1q_s32(sum), vget_low_s16(x), vget_low_s16(v));
      const int32x4_t high = vmlal_high_s16(vld1q_s32(sum + 4), x, v);
      vst1q_s32(sum, vmlal_s16(low, vget_low_s16(y), vget_low_s16(w)));
      vst1q_s32(sum + 4, vmlal_high_s16(high, y, w));
    }
  }
}

static void skip_wide(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels, size_t frames) {
  for (size_t c = 0; c < channels; c += LANES) {
    const int16x8_t w = vmovl_s8(vld1_s8(weight + c));
    for (size_t frame = 0; frame < frames; frame++) {
      int32_t *sum = skips + frame * channels + c;
      const int16x8_t x = vld1q_s16(z + frame * channels + c);
      vst1q_s32(sum, vmlal_s16(vld1q_s32(sum), vget_low_s16(x), vget_low_s16(w)));
      vst1q_s32(sum + 4, vmlal_high_s16(vld1q_s32(sum + 4), x, w));
    }
  }
}

static void shift_wide(int16_t *to, const int16_t *from, const int8_t *shift, size_t channels, size_t frames) {
  for (size_t c = 0; c < channels; c += LANES) {
    const int16x8_t down = vnegq_s16(vmovl_s8(vld1_s8(shift + c)));
    for (size_t at = c; at < frames * channels; at += channels)
      vst1q_s16(to + at, vrshlq_s16(vld1q_s16(from + at), down));
  }
}

static void narrow_wide(const int32_t *skips, uint32_t shift, int16_t *out, size_t count) {
  const int32x4_t down = vdupq_n_s32(-(int32_t)shift);
  for (size_t i = 0; i < count; i += LANES) {
    const int16x4_t low = vqmovn_s32(vrshlq_s32(vld1q_s32(skips + i), down));
    vst1q_s16(out + i, vqmovn_high_s32(low, vrshlq_s32(vld1q_s32(skips + i + 4u), down)));
  }
}

#endif
