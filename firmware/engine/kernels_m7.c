/* The Cortex-M7's kernels: the same bits as kernels.c. Weights are widened to
 * int16 when a model is opened and laid out in the order in which the tiles of
 * kernels_m7.S read them. What the tiles do not cover (more than 16 inputs,
 * more than one but an odd number of rows, shifts above 32) runs in plain C,
 * right but slow. */
#include "kernels.h"

#ifdef GRIT_KERNELS_M7

#include <stdbool.h>

#include "arithmetic.h"
#include "engine.h"
#include "film.h"
#include "kernels_m7.h"

#define MOST_SHIFT                                                            \
  32u /* up to it a multiplier can be moved up so that SMMULR is the rounding \
         rule */

typedef enum { TILED, HEAD, SPREAD, PLAIN } form_t;

typedef struct {
  grit_m7_tiles_t *linear, *leaky, *tanh; /* any number of taps */
  grit_m7_tiles_t *residual, *head;
  grit_m7_tiles_t *leaky_six, *tanh_three; /* exactly so many taps; NULL: none */
} tiles_t;

#define TILES(WIDTH, SIX, THREE)                            \
  [WIDTH / 2 - 1] = {grit_m7_convolve_linear_##WIDTH##_any, \
                     grit_m7_convolve_leaky_##WIDTH##_any,  \
                     grit_m7_convolve_tanh_##WIDTH##_any,   \
                     grit_m7_residual_##WIDTH,              \
                     grit_m7_head_##WIDTH,                  \
                     SIX,                                   \
                     THREE}
static const tiles_t tiles[GRIT_M7_MOST_INPUTS / 2u] = {
    TILES(2, NULL, grit_m7_convolve_tanh_2_3),
    TILES(4, grit_m7_convolve_leaky_4_6, grit_m7_convolve_tanh_4_3),
    TILES(6, NULL, grit_m7_convolve_tanh_6_3),
    TILES(8, grit_m7_convolve_leaky_8_6, grit_m7_convolve_tanh_8_3),
    TILES(12, NULL, grit_m7_convolve_tanh_12_3),
    TILES(16, NULL, grit_m7_convolve_tanh_16_3),
#ifndef GRIT_M7_COMMON_WIDTHS
    TILES(10, NULL, NULL),
    TILES(14, NULL, NULL),
#endif
};

static form_t form_of(const grit_convolution_t *record) {
  if (record->shift > MOST_SHIFT) return PLAIN;
  if (record->inputs == 1u) return record->kernel == 1u && record->rows % 2u == 0u ? SPREAD : PLAIN;
  if (record->inputs % 2u != 0u || record->inputs > GRIT_M7_MOST_INPUTS) return PLAIN;
  if (tiles[record->inputs / 2u - 1u].head == NULL) return PLAIN;
  if (record->rows == 1u) return record->mixin == 0u ? HEAD : PLAIN;
  return record->rows % 2u == 0u ? TILED : PLAIN;
}

/* What a call needs to know, at the head of conv->prepared; the blocks follow.
 * Sizes in words. A spread is a tile whose weights are the mix-in, with one tap
 * of zeros. */
typedef struct {
  uint8_t form, rows, pairs, taps; /* rows: of a block */
  uint16_t blocks, words, tap_words, multiplier;
  grit_m7_tiles_t *linear, *tanh;
  uint32_t *block;
} plan_t;

static uint32_t round_up(uint32_t x, uint32_t step) {
  return (x + step - 1u) / step * step;
}

static plan_t plan_of(const grit_convolution_t *record, uint32_t slope) {
  const form_t form = form_of(record);
  plan_t plan = {(uint8_t)form, form == HEAD ? 1u : 2u, 1u, (uint8_t)record->kernel, 0, 0, 0, 0, NULL, NULL, NULL};
  if (form != SPREAD) plan.pairs = (uint8_t)(record->inputs / 2u);
  const tiles_t *tile = &tiles[(form == PLAIN ? 1u : plan.pairs) - 1u];
  if (form == HEAD && plan.pairs % 2u != 0u) plan.taps = (uint8_t)round_up(plan.taps, 2u); /* that tile takes two */
  plan.blocks = record->rows / plan.rows;
  plan.tap_words = (uint16_t)(1u + plan.rows * plan.pairs);
  plan.multiplier = (uint16_t)(plan.rows + 2u + plan.taps * plan.tap_words);
  plan.words = (uint16_t)(plan.multiplier + (slope == GRIT_NO_SLOPE ? 1u : 2u) * plan.rows);
  plan.linear = slope == GRIT_NO_SLOPE ? tile->linear : tile->leaky;
  plan.tanh = tile->tanh;
  if (slope != GRIT_NO_SLOPE && plan.pairs == 4u && plan.taps % 3u == 0u) plan.linear = grit_m7_convolve_leaky_8_threes;
  if (slope != GRIT_NO_SLOPE && plan.taps == 6u && tile->leaky_six != NULL) plan.linear = tile->leaky_six;
  if (form == SPREAD) plan.linear = grit_m7_convolve_linear_2_1;
  if (slope == GRIT_NO_SLOPE && plan.pairs == 8u && plan.taps == 1u) plan.linear = grit_m7_convolve_linear_16_1;
  if (plan.taps == 3u && tile->tanh_three != NULL) plan.tanh = tile->tanh_three;
  return plan;
}

static const plan_t *plan_at(const grit_conv_t *conv) {
  return (const plan_t *)(const void *)conv->prepared;
}

size_t grit_kernel_prepared_bytes(const grit_convolution_t *record, uint32_t slope) {
  const plan_t plan = plan_of(record, slope);
  const size_t words = plan.form == PLAIN ? record->rows * 2u + record->kernel : (size_t)plan.blocks * plan.words;
  return sizeof(plan_t) + words * sizeof(uint32_t);
}

static uint32_t two_halves(int32_t low, int32_t high) {
  return ((uint32_t)high << 16) | ((uint32_t)low & 0xFFFFu);
}

static const int8_t *int8_at(const grit_conv_t *conv, uint32_t offset) {
  return (const int8_t *)(conv->blob + offset);
}

void grit_kernel_prepare(const grit_conv_t *conv) {
  const grit_convolution_t *record = conv->record;
  plan_t *plan = (plan_t *)(void *)conv->prepared;
  *plan = plan_of(record, conv->slope);
  uint32_t *block = plan->block = conv->prepared + sizeof(plan_t) / sizeof(uint32_t);
  if (plan->form == PLAIN) return;
  for (uint32_t first = 0; first < record->rows; first += plan->rows, block += plan->words) {
    const uint32_t mixin = plan->form == SPREAD ? record->weight : record->mixin;
    block[plan->rows] = 0;
    if (mixin != 0u) block[plan->rows] = two_halves(int8_at(conv, mixin)[first], int8_at(conv, mixin)[first + 1u]);
    uint32_t *to = block + plan->rows + 1u;
    for (uint32_t tap = 0; tap < plan->taps; tap++) {
      *to++ = 0; /* the tap's audio */
      for (uint32_t i = 0; i < 2u * plan->pairs; i += 2u)
        for (uint32_t row = first; row < first + plan->rows; row++) {
          const int8_t *w = int8_at(conv, record->weight) + ((size_t)row * record->kernel + tap) * record->inputs + i;
          *to++ = plan->form == SPREAD || tap >= record->kernel ? 0u : two_halves(w[0], w[1]);
        }
    }
    *to = (uint32_t)(uintptr_t)to | 1u;
  }
}

/* Biases and multipliers in passes of their own: what each needs fits the
 * registers. `high`, rows of a block, is a constant where these are called. */
static inline void set_biases(const plan_t *plan, const grit_ramp_t ramp, uint32_t step, uint32_t high) {
  uint32_t *block = plan->block;
  const uint32_t words = plan->words;
  for (uint32_t row = 0, n = plan->blocks; n > 0u; n--, block += words)
    for (uint32_t i = 0; i < high; i++, row++) block[i] = (uint32_t)grit_bias_at(&ramp, row, step);
}

static inline void set_multipliers(const plan_t *plan, const grit_ramp_t ramp, uint32_t step, uint32_t high,
                                   uint32_t up, int32_t slope, bool leaky) {
  uint32_t *to = plan->block + plan->multiplier;
  const uint32_t words = plan->words;
  for (uint32_t row = 0, n = plan->blocks; n > 0u; n--, to += words)
    for (uint32_t i = 0; i < high; i++, row++) {
      const int32_t above = grit_multiplier_at(&ramp, row, step);
      to[i] = (uint32_t)above << up;
      if (leaky) to[high + i] = (uint32_t)(((above * slope + (1 << 14)) >> 15) - above) << up;
    }
}

GRIT_FAST_CODE void grit_kernel_set_rows(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step) {
  const plan_t *plan = plan_at(conv);
  if (plan->form == PLAIN) {
    const uint32_t rows = conv->record->rows;
    for (uint32_t row = 0; row < rows; row++) {
      plan->block[row] = (uint32_t)grit_bias_at(ramp, row, step);
      plan->block[rows + row] = grit_multiplier_pair(grit_multiplier_at(ramp, row, step), (int32_t)conv->slope);
    }
    return;
  }
  const uint32_t up = MOST_SHIFT - conv->record->shift;
  const bool leaky = conv->slope != GRIT_NO_SLOPE;
  if (plan->rows == 2u) {
    if (step == GRIT_RAMP_STEPS) /* the target itself, as a quarter of all steps
                                    are: spared the products */
      set_biases(plan, *ramp, GRIT_RAMP_STEPS, 2u);
    else
      set_biases(plan, *ramp, step, 2u);
    if (leaky)
      set_multipliers(plan, *ramp, step, 2u, up, (int32_t)conv->slope, true);
    else
      set_multipliers(plan, *ramp, step, 2u, up, 0, false);
  } else {
    set_biases(plan, *ramp, step, 1u);
    set_multipliers(plan, *ramp, step, 1u, up, 0, false); /* a head is linear */
  }
}

GRIT_FAST_CODE void grit_kernel_aim(const grit_conv_t *conv, uint32_t tap, const int16_t *at) {
  const plan_t *plan = plan_at(conv);
  uint32_t *to = plan->block + plan->rows + 1u + tap * plan->tap_words;
  if (plan->form == PLAIN) {
    plan->block[2u * conv->record->rows + tap] = (uint32_t)(uintptr_t)at;
    return;
  }
  for (uint32_t n = plan->blocks; n > 0u; n--, to += plan->words) *to = (uint32_t)(uintptr_t)at;
  to = plan->block + plan->rows + 1u + (plan->taps - 1u) * plan->tap_words;
  if (plan->taps > conv->record->kernel) *to = (uint32_t)(uintptr_t)at; /* a tap of zeros */
}

/* ---- plain
 * ---------------------------------------------------------------------------------------------------------
 */

static void convolve_plain(const grit_conv_t *conv, size_t first, const int32_t *dry, int16_t *out, size_t frames) {
  const grit_convolution_t *record = conv->record;
  const uint32_t *rows = plan_at(conv)->block, *taps = rows + 2u * record->rows;
  const int8_t *mixin = record->mixin == 0u ? NULL : int8_at(conv, record->mixin);
  for (size_t frame = first; frame < first + frames; frame++, dry++) {
    const int8_t *weight = int8_at(conv, record->weight);
    for (size_t row = 0; row < record->rows; row++) {
      int32_t acc = (int32_t)rows[row];
      if (mixin != NULL) acc += mixin[row] * *dry;
      for (size_t tap = 0; tap < record->kernel; tap++) {
        const int16_t *x = (const int16_t *)(uintptr_t)taps[tap] + frame * record->inputs;
        for (size_t i = 0; i < record->inputs; i++) acc += *weight++ * x[i];
      }
      *out++ = grit_requantize(acc, rows[record->rows + row], record->shift);
    }
  }
}

static void residual_plain(const grit_conv_t *conv, const int16_t *z, int16_t *stream, size_t frames) {
  const grit_convolution_t *record = conv->record;
  for (size_t frame = 0; frame < frames; frame++) {
    const int8_t *weight = int8_at(conv, record->weight);
    for (size_t row = 0; row < record->rows; row++, stream++) {
      int32_t acc = (int32_t)plan_at(conv)->block[row];
      for (size_t i = 0; i < record->inputs; i++) acc += *weight++ * z[frame * record->inputs + i];
      *stream = grit_saturate(*stream + grit_requantize(acc, plan_at(conv)->block[record->rows + row], record->shift));
    }
  }
}

/* ---- tiled
 * ---------------------------------------------------------------------------------------------------------
 */

/* All of a convolution's blocks, over `frames` frames from `first` on, counted
 * from where the taps stand. */
static inline grit_m7_call_t call_of(const plan_t *plan, const int32_t *dry, int16_t *out, size_t first,
                                     size_t frames) {
  const uint32_t step = plan->pairs * 4u, tile = plan->form == HEAD ? GRIT_M7_HEAD_FRAMES : GRIT_M7_TILE_FRAMES;
  const uint32_t offset = (uint32_t)first * step;
  grit_m7_call_t call = {plan->block + (plan->rows == 2u ? 3u : 2u),
                         dry,
                         out,
                         offset,
                         offset,
                         plan->blocks,
                         plan->words * 4u,
                         plan->blocks * 4u};
  call.end += round_up((uint32_t)frames, tile) * step;
  return call;
}

GRIT_FAST_CODE void grit_kernel_convolve(const grit_conv_t *conv, size_t first, const int32_t *dry, int16_t *out,
                                         size_t frames, int tanh) {
  const plan_t *plan = plan_at(conv);
  if (plan->form != PLAIN) {
    grit_m7_call_t call = call_of(plan, dry, out, first, frames);
    if (plan->form == TILED) {
      (tanh ? plan->tanh : plan->linear)(&call, grit_m7_tanh_tables + 256); /* indexed from -256 */
      return;
    }
    tiles[plan->pairs - 1u].head(&call, NULL);
  } else {
    convolve_plain(conv, first, dry, out, frames);
  }
  if (tanh) grit_kernel_tanh(out, frames * conv->record->rows);
}

GRIT_FAST_CODE void grit_kernel_spread(const grit_conv_t *conv, const int32_t *dry, int16_t *out, size_t frames) {
  const plan_t *plan = plan_at(conv);
  const grit_convolution_t *record = conv->record;
  if (plan->form == SPREAD) {
    grit_m7_call_t call = call_of(plan, dry, out, 0, frames);
    plan->linear(&call, NULL);
    return;
  }
  const int8_t *weight = int8_at(conv, record->weight);
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t row = 0; row < record->rows; row++) {
      const int32_t acc = (int32_t)plan->block[row] + weight[row] * dry[frame];
      *out++ = grit_requantize(acc, plan->block[record->rows + row], record->shift);
    }
}

GRIT_FAST_CODE void grit_kernel_residual(const grit_conv_t *conv, const int16_t *z, int16_t *stream, size_t frames) {
  const plan_t *plan = plan_at(conv);
  if (plan->form != TILED) {
    residual_plain(conv, z, stream, frames);
    return;
  }
  grit_m7_call_t call = call_of(plan, NULL, stream, 0, frames);
  call.end += (uint32_t)(uintptr_t)z;
  call.offset = (uint32_t)(uintptr_t)z;
  tiles[plan->pairs - 1u].residual(&call, NULL);
}

/* ---- columns: two channels at a time down the frames
 * -----------------------------------------------------------------
 */

typedef struct {
  grit_m7_skip_t *skip;
  grit_m7_skip_two_t *skip_two;
  grit_m7_shift_t *shift;
} columns_t;

#define COLUMNS(WIDTH) {grit_m7_skip_##WIDTH, grit_m7_skip_two_##WIDTH, grit_m7_shift_##WIDTH},
static const columns_t columns[GRIT_M7_MOST_INPUTS / 2u] = {GRIT_M7_EACH_WIDTH(COLUMNS)};

GRIT_FAST_CODE void grit_kernel_skip(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels,
                                     size_t frames) {
  if (channels > GRIT_M7_MOST_INPUTS) {
    for (size_t i = 0; i < frames * channels; i++) skips[i] += z[i] * weight[i % channels];
    return;
  }
  const int32_t *end = skips + (size_t)round_up((uint32_t)frames, GRIT_M7_COLUMN_FRAMES) * channels;
  for (size_t c = 0; c < channels; c += 2u)
    columns[channels / 2u - 1u].skip(skips + c, z + c, end, two_halves(weight[c], weight[c + 1u]));
}

GRIT_FAST_CODE void grit_kernel_skip_two(int32_t *skips, const grit_skip_t *first, const grit_skip_t *second,
                                         size_t channels, size_t frames) {
  if (channels > GRIT_M7_MOST_INPUTS) {
    grit_kernel_skip(skips, first->z, first->weight, channels, frames);
    grit_kernel_skip(skips, second->z, second->weight, channels, frames);
    return;
  }
  const int32_t *end = skips + (size_t)round_up((uint32_t)frames, GRIT_M7_COLUMN_FRAMES) * channels;
  const ptrdiff_t behind = (const uint8_t *)second->z - (const uint8_t *)first->z;
  const int8_t *w = first->weight, *v = second->weight;
  grit_m7_skip_two_t *run = columns[channels / 2u - 1u].skip_two;
  for (size_t c = 0; c < channels; c += 2u)
    run(skips + c, first->z + c, end, two_halves(w[c], w[c + 1u]), behind, two_halves(v[c], v[c + 1u]));
}

GRIT_FAST_CODE void grit_kernel_shift(int16_t *stream, const int8_t *shift, size_t channels, size_t frames) {
  if (channels > GRIT_M7_MOST_INPUTS) {
    for (size_t i = 0; i < frames * channels; i++)
      stream[i] = (int16_t)grit_shift_round(stream[i], (uint32_t)shift[i % channels]);
    return;
  }
  const int16_t *end = stream + (size_t)round_up((uint32_t)frames, GRIT_M7_COLUMN_FRAMES) * channels;
  for (size_t c = 0; c < channels; c += 2u)
    if (shift[c] != 0 || shift[c + 1u] != 0)
      columns[channels / 2u - 1u].shift(stream + c, 1 << (30 - shift[c]), end, 1 << (30 - shift[c + 1u]));
}

GRIT_FAST_CODE void grit_kernel_narrow(const int32_t *skips, uint32_t shift, int16_t *out, size_t count) {
  if (shift >= 2u && count % 2u == 0u) {
    grit_m7_narrow(skips, 1 << (32u - shift), out, out + round_up((uint32_t)count, GRIT_M7_NARROW_SAMPLES));
    return;
  }
  for (size_t i = 0; i < count; i++) out[i] = grit_saturate(grit_shift_round(skips[i], shift));
}

GRIT_FAST_CODE void grit_kernel_clear(int32_t *skips, size_t count) {
  grit_m7_zero(skips, skips + round_up((uint32_t)count, GRIT_M7_COPY_WORDS));
}

GRIT_FAST_CODE void grit_kernel_copy(int16_t *to, const int16_t *from, size_t samples) {
  const uint32_t words = (uint32_t)samples / 2u;
  uint32_t *target = (uint32_t *)(void *)to;
  const uint32_t *source = (const uint32_t *)(const void *)from;
  const uint32_t whole = words / GRIT_M7_COPY_WORDS * GRIT_M7_COPY_WORDS;
  if (whole != 0u) grit_m7_copy(target, source, target + whole);
  for (uint32_t i = whole; i < words; i++) target[i] = source[i];
}

#endif
