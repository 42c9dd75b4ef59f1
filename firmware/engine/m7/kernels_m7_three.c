/* The Cortex-M7's kernels for three channels in two planes (kernels.h): the same
 * bits as kernels.c's. */
#include "kernels.h"
#include "model.h"

#ifdef GRIT_KERNELS_M7

#include "m7/blocks_m7.h"
#include "m7/kernels_m7_small.h"
#include "m7/kernels_m7_three.h"

#define HEADER_WORDS 5u
#define PAIR_WORDS 11u
#define KNOWN_PAIRS 3u /* six taps */

bool grit_three_fits(const grit_model_t *model) {
  return grit_model_reads_three(model);
}

static uint32_t *block_of(const grit_conv_t *conv) {
  return conv->prepared + 1;
}

static uint32_t pairs_of(const grit_conv_t *conv) {
  return (conv->record->kernel + 1u) / 2u;
}

/* Words before the multipliers. */
static uint32_t multiplier_of(const grit_conv_t *conv) {
  if (conv->record->inputs == 1u) return 6u;
  if (conv->use == GRIT_ONTO_STREAM) return 8u;
  const uint32_t pairs = pairs_of(conv);
  return HEADER_WORDS + pairs * PAIR_WORDS + (pairs == KNOWN_PAIRS ? 0u : 1u);
}

size_t grit_m7_three_prepared_bytes(const grit_conv_t *conv) {
  return (1u + multiplier_of(conv) + (conv->slope == GRIT_NO_SLOPE ? 3u : 6u)) * sizeof(uint32_t);
}

static uint32_t two_halves(int32_t low, int32_t high) {
  return ((uint32_t)high << 16) | ((uint32_t)low & 0xFFFFu);
}

/* A row's four weights of a tap; zeros behind the last tap. */
static const int8_t *weights_of(const grit_conv_t *conv, uint32_t row, uint32_t tap) {
  static const int8_t none[4] = {0, 0, 0, 0};
  const uint32_t kernel = conv->record->kernel;
  return tap < kernel ? (const int8_t *)(conv->blob + conv->record->weight) + (row * kernel + tap) * 4u : none;
}

void grit_m7_three_prepare(const grit_conv_t *conv) {
  const grit_convolution_t *record = conv->record;
  uint32_t *to = block_of(conv) + 3;
  conv->prepared[0] = GRIT_M7_THREE_FORM;
  if (record->inputs == 1u) {
    for (uint32_t row = 0; row < 3u; row++) to[row] = (uint32_t)((const int8_t *)(conv->blob + record->weight))[row];
    return;
  }
  if (conv->use == GRIT_ONTO_STREAM) {
    const int8_t *w = weights_of(conv, 0, 0);
    for (uint32_t row = 0; row < 3u; row++) *to++ = two_halves(w[4u * row], w[4u * row + 1u]);
    *to++ = two_halves(w[2], w[6]);
    *to = two_halves(w[10], 0);
    return;
  }
  static const int8_t none[3] = {0, 0, 0};
  const int8_t *mixin = record->mixin == 0u ? none : (const int8_t *)(conv->blob + record->mixin);
  *to++ = two_halves(mixin[0], mixin[1]);
  *to++ = two_halves(mixin[2], 0);
  for (uint32_t tap = 0; tap < record->kernel; tap += 2u, to += PAIR_WORDS)
    for (uint32_t row = 0; row < 3u; row++) {
      const int8_t *w = weights_of(conv, row, tap), *v = weights_of(conv, row, tap + 1u);
      to[2u + row] = two_halves(w[0], w[1]);
      to[5u + row] = two_halves(v[0], v[1]);
      to[8u + row] = two_halves(w[2], v[2]);
    }
}

GRIT_FAST_CODE void grit_m7_three_set_rows(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step) {
  const uint32_t up = 32u - conv->record->shift;
  uint32_t *block = block_of(conv), *to = block + multiplier_of(conv);
  for (uint32_t row = 0; row < 3u; row++) {
    const int32_t above = grit_multiplier_at(ramp, row, step);
    block[row] = (uint32_t)grit_bias_at(ramp, row, step);
    to[row] = (uint32_t)above << up;
    if (conv->slope != GRIT_NO_SLOPE)
      to[3u + row] = (uint32_t)(((above * (int32_t)conv->slope + (1 << 14)) >> 15) - above) << up;
  }
}

static inline void set_multiplier(const grit_conv_t *conv, uint32_t row, int32_t above) {
  const uint32_t up = 32u - conv->record->shift;
  uint32_t *to = block_of(conv) + multiplier_of(conv) + row;
  to[0] = (uint32_t)above << up;
  if (conv->slope != GRIT_NO_SLOPE)
    to[3] = (uint32_t)(((above * (int32_t)conv->slope + (1 << 14)) >> 15) - above) << up;
}

GRIT_FAST_CODE void grit_m7_three_set_row(const grit_conv_t *conv, uint32_t row, const grit_row_t *from) {
  if (row >= 3u) return;
  const grit_convolution_t *record = conv->record;
  const int16_t *w = from->weight;
  uint32_t *block = block_of(conv), *to = block + 3;
  block[row] = (uint32_t)from->bias;
  set_multiplier(conv, row, from->multiplier);
  if (record->inputs == 1u) {
    to[row] = (uint32_t)(int32_t)w[0];
    return;
  }
  if (conv->use == GRIT_ONTO_STREAM) {
    __builtin_memcpy(to + row, w, sizeof *to);
    __builtin_memcpy((uint8_t *)(to + 3) + 2u * row, w + 2, sizeof *w);
    return;
  }
  ((int16_t *)(void *)to)[row] = from->mixin;
  to += 2;
  for (uint32_t tap = 0; tap < record->kernel; tap++, w += 4) {
    uint32_t *pair = to + tap / 2u * PAIR_WORDS, second = tap & 1u;
    __builtin_memcpy(pair + 2u + 3u * second + row, w, sizeof *to);
    ((int16_t *)(void *)(pair + 8u + row))[second] = w[2];
  }
}

void grit_m7_three_use_slope(const grit_conv_t *conv) {
  const uint32_t *above = block_of(conv) + multiplier_of(conv);
  for (uint32_t row = 0; row < 3u; row++)
    set_multiplier(conv, row, (int32_t)(above[row] >> (32u - conv->record->shift)));
}

/* The last tap's place also stands where a tap of zeros has its own, and behind
 * the last pair. */
GRIT_FAST_CODE void grit_m7_three_aim(const grit_conv_t *conv, uint32_t tap, const int16_t *at) {
  uint32_t *pair = block_of(conv) + HEADER_WORDS + tap / 2u * PAIR_WORDS;
  pair[tap & 1u] = (uint32_t)(uintptr_t)at;
  if (tap + 1u < conv->record->kernel) return;
  pair[1] = (uint32_t)(uintptr_t)at;
  if (pairs_of(conv) != KNOWN_PAIRS) pair[PAIR_WORDS] = (uint32_t)(uintptr_t)at;
}

GRIT_FAST_CODE void grit_m7_three_aim_all(const grit_conv_t *conv, const int16_t *const *at) {
  uint32_t *pair = block_of(conv) + HEADER_WORDS;
  uint32_t left = conv->record->kernel - 1u;
  for (; left >= 2u; left -= 2u, at += 2, pair += PAIR_WORDS) {
    pair[0] = (uint32_t)(uintptr_t)at[0];
    pair[1] = (uint32_t)(uintptr_t)at[1];
  }
  if (left != 0u) pair[0] = (uint32_t)(uintptr_t)at[0];
}

static uint32_t round_up(uint32_t x, uint32_t step) {
  return (x + step - 1u) / step * step;
}

GRIT_FAST_CODE void grit_three_convolve(const grit_conv_t *conv, uintptr_t planes, size_t first, const int32_t *dry,
                                        int16_t *out, size_t frames) {
  const uint32_t pairs = pairs_of(conv), offset = (uint32_t)first * 4u;
  const uint32_t *weights = block_of(conv) + HEADER_WORDS;
  const grit_m7_three_call_t call = {weights,
                                     dry,
                                     out,
                                     offset,
                                     offset + round_up((uint32_t)frames, GRIT_M7_THREE_FRAMES) * 4u,
                                     planes,
                                     weights + pairs * PAIR_WORDS};
  if (pairs == KNOWN_PAIRS)
    grit_m7_three_6(&call);
  else
    grit_m7_three_any(&call);
}

GRIT_FAST_CODE void grit_three_residual(const grit_conv_t *conv, uintptr_t planes, const int16_t *z, int16_t *stream,
                                        size_t frames) {
  const uint32_t from = (uint32_t)(uintptr_t)z;
  const uint32_t whole = round_up((uint32_t)frames, GRIT_M7_THREE_RESIDUAL_FRAMES);
  const grit_m7_three_call_t call = {block_of(conv), NULL, stream, from, from + whole * 4u, planes, NULL};
  grit_m7_three_residual(&call);
}

GRIT_FAST_CODE void grit_three_spread(const grit_conv_t *conv, uintptr_t planes, const int32_t *dry, int16_t *out,
                                      size_t frames) {
  const int32_t *end = dry + round_up((uint32_t)frames, GRIT_M7_THREE_SPREAD_FRAMES);
  const grit_m7_three_call_t call = {block_of(conv), dry, out, 0, (uint32_t)(uintptr_t)end, planes, NULL};
  grit_m7_three_spread(&call);
}

/* The third channel's plane holds two frames a word: two channels, to the kernel. */
GRIT_FAST_CODE void grit_three_shift(uintptr_t planes, int16_t *stream, const int8_t *shift, size_t frames) {
  int16_t *third = grit_third(planes, stream);
  const int32_t low = 1 << (30 - shift[0]), high = 1 << (30 - shift[1]), last = 1 << (30 - shift[2]);
  const uint32_t whole = round_up((uint32_t)frames, GRIT_M7_COLUMN_FRAMES);
  grit_m7_shift(stream, stream, stream + 2u * whole, low, high, 4u);
  grit_m7_shift(third, third, third + round_up(whole, 2u * GRIT_M7_COLUMN_FRAMES), last, last, 4u);
}

GRIT_FAST_CODE void grit_three_skip_two(uintptr_t planes, int32_t *skips, const grit_skip_t *first,
                                        const grit_skip_t *second, size_t frames) {
  static const int8_t none[3] = {0, 0, 0};
  const grit_skip_t nothing = {first->z, none}, *other = second->z == NULL ? &nothing : second;
  const int8_t *w = first->weight, *v = other->weight;
  const ptrdiff_t behind = (const uint8_t *)other->z - (const uint8_t *)first->z;
  grit_m7_three_skip_two(skips, first->z, skips + round_up((uint32_t)frames, GRIT_M7_THREE_SKIP_FRAMES) * 4u, planes,
                         behind, two_halves(w[0], w[1]), two_halves(v[0], v[1]), two_halves(w[2], v[2]));
}

/* Apart, so that the rest finds its arguments in their registers. */
static GRIT_FAST_CODE __attribute__((noinline)) void copy_frame_by_frame(uintptr_t planes, int16_t *to,
                                                                         const int16_t *from, size_t frames) {
  int16_t *target = grit_third(planes, to);
  const int16_t *source = grit_third(planes, from);
  for (size_t i = 0; i < frames; i++, to += 2, from += 2) {
    to[0] = from[0];
    to[1] = from[1];
    target[i] = source[i];
  }
}

GRIT_FAST_CODE void grit_three_copy(uintptr_t planes, int16_t *to, const int16_t *from, size_t frames) {
  if ((frames | ((uintptr_t)to | (uintptr_t)from) / 4u) % 2u == 0u)
    grit_m7_three_copy(planes, to, from, frames);
  else
    copy_frame_by_frame(planes, to, from, frames);
}

#endif
