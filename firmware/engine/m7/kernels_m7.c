/* The Cortex-M7's kernels: the same bits as kernels.c. Weights are widened to
 * int16 when a model is opened and laid out in the order in which the tiles of
 * kernels_m7.S read them. What the tiles do not cover (more than 16 inputs,
 * more than one but an odd number of rows, shifts above 32) runs in plain C,
 * right but slow. */
#include "kernels.h"

#ifdef GRIT_KERNELS_M7

#include <arm_acle.h>
#include <stdbool.h>

#include "arithmetic.h"
#include "m7/blocks_m7.h"
#include "m7/kernels_m7_small.h"
#include "m7/kernels_m7_three.h"

#define MAX_SHIFT                                                             \
  32u /* up to it a multiplier can be moved up so that SMMULR is the rounding \
         rule */

typedef enum { TILED, HEAD, SPREAD, PLAIN, THREE = GRIT_M7_THREE_FORM, LAYER = GRIT_M7_LAYER_FORM } form_t;

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
static const tiles_t tiles[GRIT_M7_MAX_INPUTS / 2u] = {
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
  if (record->shift > MAX_SHIFT) return PLAIN;
  if (record->inputs == 1u) return record->kernel == 1u && record->rows % 2u == 0u ? SPREAD : PLAIN;
  if (record->inputs % 2u != 0u || record->inputs > GRIT_M7_MAX_INPUTS) return PLAIN;
  if (tiles[record->inputs / 2u - 1u].head == NULL) return PLAIN;
  if (record->rows == 1u) return record->mixin == 0u ? HEAD : PLAIN;
  return record->rows % 2u == 0u ? TILED : PLAIN;
}

/* What a call needs to know, at the head of conv->prepared; the blocks follow.
 * Sizes in words. A spread is a tile whose weights are the mix-in, with one tap
 * of zeros. */
typedef struct {
  uint8_t form, rows, pairs, taps; /* rows: of a block */
  uint8_t header, exact;           /* words before the first tap; whether the tile knows how many taps there are */
  uint16_t blocks, words, tap_words, multiplier;
  grit_m7_tiles_t *tiles;
} plan_t;

static uint32_t round_up(uint32_t x, uint32_t step) {
  return (x + step - 1u) / step * step;
}

/* The tiles for a convolution, and whether they are for just so many taps. */
static grit_m7_tiles_t *tiles_of(const grit_conv_t *conv, const plan_t *plan, bool *exact) {
  const tiles_t *tile = &tiles[plan->pairs - 1u];
  const bool leaky = conv->slope != GRIT_NO_SLOPE;
  *exact = true;
  if (plan->form == SPREAD) return NULL; /* grit_m7_spread */
  if (conv->use == GRIT_ONTO_STREAM) return tile->residual;
  if (conv->use == GRIT_TANH && plan->taps == 3u && tile->tanh_three != NULL) return tile->tanh_three;
  if (leaky && plan->taps == 6u && tile->leaky_six != NULL) return tile->leaky_six;
  if (leaky && plan->pairs == 4u && plan->taps == 15u) return grit_m7_convolve_leaky_8_15;
  if (conv->use == GRIT_LINEAR && !leaky && plan->form == TILED && plan->taps == 1u && conv->record->mixin == 0u) {
    if (plan->pairs == 2u) return grit_m7_once_4;
    if (plan->pairs == 4u) return grit_m7_once_8;
    if (plan->pairs == 8u) return grit_m7_once_16;
  }
  *exact = false;
  if (plan->form == HEAD) return tile->head;
  if (conv->use == GRIT_TANH) return tile->tanh;
  return leaky ? tile->leaky : tile->linear;
}

static plan_t plan_of(const grit_conv_t *conv) {
  const grit_convolution_t *record = conv->record;
  const form_t form = form_of(record);
  plan_t plan = {.form = (uint8_t)form, .rows = form == HEAD ? 1u : 2u, .pairs = 1u, .taps = (uint8_t)record->kernel};
  if (form == PLAIN) return plan;
  if (form != SPREAD) plan.pairs = (uint8_t)(record->inputs / 2u);
  if (form == HEAD && plan.pairs % 2u != 0u) plan.taps = (uint8_t)round_up(plan.taps, 2u); /* that tile takes two */
  bool exact = false;
  plan.tiles = tiles_of(conv, &plan, &exact);
  plan.exact = exact;
  const bool placed = conv->use != GRIT_ONTO_STREAM;
  plan.header = (uint8_t)(plan.rows + (placed ? 1u : 0u));
  plan.blocks = record->rows / plan.rows;
  plan.tap_words = (uint16_t)((placed ? 1u : 0u) + plan.rows * plan.pairs);
  plan.multiplier = (uint16_t)(plan.header + (uint32_t)plan.taps * plan.tap_words + (exact ? 0u : 1u));
  plan.words = (uint16_t)(plan.multiplier + (conv->slope == GRIT_NO_SLOPE ? 1u : 2u) * plan.rows);
  return plan;
}

static const plan_t *plan_at(const grit_conv_t *conv) {
  return (const plan_t *)(const void *)conv->prepared;
}

static uint32_t *blocks_of(const grit_conv_t *conv) {
  return conv->prepared + sizeof(plan_t) / sizeof(uint32_t);
}

GRIT_ONCE size_t grit_kernel_prepared_bytes(const grit_conv_t *conv) {
  if (conv->three) return grit_m7_three_prepared_bytes(conv);
  if (conv->use >= GRIT_LAYER) return grit_m7_layer_prepared_bytes(conv);
  const plan_t plan = plan_of(conv);
  const grit_convolution_t *record = conv->record;
  const size_t words = plan.form == PLAIN ? record->rows * 2u + record->kernel : (size_t)plan.blocks * plan.words;
  return sizeof(plan_t) + words * sizeof(uint32_t);
}

static uint32_t two_halves(int32_t low, int32_t high) {
  return ((uint32_t)high << 16) | ((uint32_t)low & 0xFFFFu);
}

static const int8_t *int8_at(const grit_conv_t *conv, uint32_t offset) {
  return (const int8_t *)(conv->blob + offset);
}

GRIT_ONCE void grit_kernel_prepare(const grit_conv_t *conv) {
  if (conv->three) {
    grit_m7_three_prepare(conv);
    return;
  }
  if (conv->use >= GRIT_LAYER) {
    grit_m7_layer_prepare(conv);
    return;
  }
  const grit_convolution_t *record = conv->record;
  plan_t *plan = (plan_t *)(void *)conv->prepared;
  *plan = plan_of(conv);
  uint32_t *block = blocks_of(conv);
  if (plan->form == PLAIN) return;
  const bool placed = conv->use != GRIT_ONTO_STREAM;
  const uint32_t mixin = plan->form == SPREAD ? record->weight : record->mixin;
  for (uint32_t first = 0; first < record->rows; first += plan->rows, block += plan->words) {
    uint32_t *to = block + plan->rows;
    if (placed) *to++ = mixin == 0u ? 0u : two_halves(int8_at(conv, mixin)[first], int8_at(conv, mixin)[first + 1u]);
    for (uint32_t tap = 0; tap < plan->taps; tap++) {
      if (placed) *to++ = 0; /* the tap's audio */
      for (uint32_t i = 0; i < 2u * plan->pairs; i += 2u)
        for (uint32_t row = first; row < first + plan->rows; row++) {
          const int8_t *w = int8_at(conv, record->weight) + ((size_t)row * record->kernel + tap) * record->inputs + i;
          *to++ = plan->form == SPREAD || tap >= record->kernel ? 0u : two_halves(w[0], w[1]);
        }
    }
    if (!plan->exact) *to = (uint32_t)(uintptr_t)to | 1u;
  }
}

/* Rows in passes of their own for biases and multipliers: what each needs fits
 * the registers. Two rows at a time, loaded before either is stored, so that
 * each waits in the other's shadow. */
static void set_biases(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step) {
  const plan_t *plan = plan_at(conv);
  uint32_t *to = blocks_of(conv);
  const uint32_t words = plan->words;
  const int32_t *start = ramp->start_bias, *target = ramp->target_bias;
  const int32_t rest = (int32_t)(GRIT_RAMP_STEPS - step), taken = (int32_t)step;
  for (uint32_t n = plan->blocks; n > 0u; n--, to += words, start += 2, target += 2) {
    const int64_t a = (int64_t)start[0] * rest + (int64_t)target[0] * taken;
    const int64_t b = (int64_t)start[1] * rest + (int64_t)target[1] * taken;
    to[0] = (uint32_t)(a >> 2);
    to[1] = (uint32_t)(b >> 2);
  }
}

/* All of the way: spared the products, as a quarter of all steps are. */
static void set_target_biases(const grit_conv_t *conv, const int32_t *target) {
  const plan_t *plan = plan_at(conv);
  uint32_t *to = blocks_of(conv);
  for (uint32_t n = plan->blocks; n > 0u; n--, to += plan->words, target += 2) {
    const int32_t a = target[0], b = target[1];
    to[0] = (uint32_t)a;
    to[1] = (uint32_t)b;
  }
}

static inline void set_multipliers(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step, bool leaky,
                                   bool arrived) {
  const plan_t *plan = plan_at(conv);
  const uint32_t up = MAX_SHIFT - conv->record->shift, words = plan->words;
  const int32_t slope = conv->slope, half = 1 << 14, taken = (int32_t)step, rest = (int32_t)(GRIT_RAMP_STEPS - step);
  uint32_t *to = blocks_of(conv) + plan->multiplier;
  const int16_t *start = ramp->start_multiplier, *target = ramp->target_multiplier;
  for (uint32_t n = plan->blocks; n > 0u; n--, to += words, start += 2, target += 2) {
    int32_t from, towards; /* two rows a word */
    __builtin_memcpy(&from, start, sizeof from);
    __builtin_memcpy(&towards, target, sizeof towards);
    const int32_t a = arrived ? (int16_t)towards : __smlabb(towards, taken, __smlabb(from, rest, 0)) >> 2;
    const int32_t b = arrived ? towards >> 16 : __smlatb(towards, taken, __smlatb(from, rest, 0)) >> 2;
    const int32_t below_a = ((a * slope + half) >> 15) - a, below_b = ((b * slope + half) >> 15) - b;
    to[0] = (uint32_t)a << up;
    to[1] = (uint32_t)b << up;
    if (!leaky) continue;
    to[2] = (uint32_t)below_a << up;
    to[3] = (uint32_t)below_b << up;
  }
}

GRIT_FAST_CODE void grit_kernel_set_rows(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step) {
  const plan_t *plan = plan_at(conv);
  if (plan->form >= PLAIN) {
    if (plan->form == THREE) {
      grit_m7_three_set_rows(conv, ramp, step);
      return;
    }
    if (plan->form == LAYER) {
      grit_m7_layer_set_rows(conv, ramp, step);
      return;
    }
    const uint32_t rows = conv->record->rows;
    uint32_t *to = blocks_of(conv);
    for (uint32_t row = 0; row < rows; row++) {
      to[row] = (uint32_t)grit_bias_at(ramp, row, step);
      to[rows + row] = grit_multiplier_pair(grit_multiplier_at(ramp, row, step), (int32_t)conv->slope);
    }
    return;
  }
  if (plan->rows == 1u) { /* a head: linear */
    uint32_t *block = blocks_of(conv);
    block[0] = (uint32_t)grit_bias_at(ramp, 0, step);
    block[plan->multiplier] = (uint32_t)grit_multiplier_at(ramp, 0, step) << (MAX_SHIFT - conv->record->shift);
    return;
  }
  const bool leaky = conv->slope != GRIT_NO_SLOPE;
  if (step != GRIT_RAMP_STEPS) {
    set_biases(conv, ramp, step);
    if (leaky)
      set_multipliers(conv, ramp, step, true, false);
    else
      set_multipliers(conv, ramp, step, false, false);
    return;
  }
  set_target_biases(conv, ramp->target_bias);
  set_multipliers(conv, ramp, step, leaky, true);
}

/* Two weights a word, `apart` words from pair to pair. */
static inline uint32_t *put_pairs(uint32_t *to, const int16_t *weight, uint32_t pairs, uint32_t apart) {
  for (; pairs > 0u; pairs--, weight += 2, to += apart) __builtin_memcpy(to, weight, sizeof *to);
  return to;
}

static inline uint32_t below(int32_t above, int32_t slope) {
  return (uint32_t)(((above * slope + (1 << 14)) >> 15) - above);
}

GRIT_FAST_CODE void grit_kernel_set_row(const grit_conv_t *conv, uint32_t row, const grit_row_t *from) {
  const plan_t *plan = plan_at(conv);
  if (plan->form == THREE) {
    grit_m7_three_set_row(conv, row, from);
    return;
  }
  if (plan->form == LAYER) {
    grit_m7_layer_set_row(conv, row, from);
    return;
  }
  if (plan->form == PLAIN) return;
  const uint32_t rows = plan->rows, half = row % rows, up = MAX_SHIFT - conv->record->shift;
  uint32_t *block = blocks_of(conv) + row / rows * plan->words, *to = block + rows;
  const int16_t *weight = from->weight;
  const bool spread = plan->form == SPREAD, placed = conv->use != GRIT_ONTO_STREAM;
  block[half] = (uint32_t)from->bias;
  if (placed) ((int16_t *)(void *)to++)[half] = spread ? *weight : from->mixin;
  for (uint32_t tap = 0; !spread && tap < conv->record->kernel; tap++, weight += 2u * plan->pairs) {
    if (placed) to++;
    to = put_pairs(to + half, weight, plan->pairs, rows) - half;
  }
  to = block + plan->multiplier + half;
  to[0] = (uint32_t)from->multiplier << up;
  if (conv->slope != GRIT_NO_SLOPE) to[2] = below(from->multiplier, (int32_t)conv->slope) << up;
}

void grit_kernel_use_slope(const grit_conv_t *conv) {
  const plan_t *plan = plan_at(conv);
  const uint32_t rows = conv->record->rows, up = MAX_SHIFT - conv->record->shift;
  const int32_t slope = conv->slope;
  if (plan->form == PLAIN) {
    uint32_t *to = blocks_of(conv) + rows;
    for (uint32_t row = 0; row < rows; row++) to[row] = grit_multiplier_pair((int32_t)(to[row] & 0xFFFFu), slope);
    return;
  }
  if (plan->form == THREE) {
    grit_m7_three_use_slope(conv);
    return;
  }
  uint32_t *to = blocks_of(conv) + plan->multiplier;
  for (uint32_t n = plan->blocks; n > 0u; n--, to += plan->words)
    for (uint32_t half = 0; half < 2u; half++) to[2u + half] = below((int32_t)(to[half] >> up), slope) << up;
}

GRIT_FAST_CODE void grit_kernel_aim(const grit_conv_t *conv, uint32_t tap, const int16_t *at) {
  const plan_t *plan = plan_at(conv);
  uint32_t *to = blocks_of(conv);
  if (plan->form >= PLAIN) {
    if (plan->form == THREE) {
      grit_m7_three_aim(conv, tap, at);
      return;
    }
    if (plan->form == LAYER) {
      grit_m7_layer_aim(conv, tap, at);
      return;
    }
    to[2u * conv->record->rows + tap] = (uint32_t)(uintptr_t)at;
    return;
  }
  to += plan->header + tap * plan->tap_words;
  for (uint32_t n = plan->blocks; n > 0u; n--, to += plan->words) *to = (uint32_t)(uintptr_t)at;
  to = blocks_of(conv) + plan->header + (plan->taps - 1u) * plan->tap_words;
  if (plan->taps > conv->record->kernel) *to = (uint32_t)(uintptr_t)at; /* a tap of zeros */
}

GRIT_FAST_CODE void grit_kernel_aim_all(const grit_conv_t *conv, const int16_t *const *at) {
  const plan_t *plan = plan_at(conv);
  const uint32_t others = conv->record->kernel - 1u;
  if (plan->form == THREE) {
    grit_m7_three_aim_all(conv, at);
    return;
  }
  if (plan->form >= PLAIN) {
    for (uint32_t tap = 0; tap < others; tap++) grit_kernel_aim(conv, tap, at[tap]);
    return;
  }
  const uint32_t words = plan->words, tap_words = plan->tap_words;
  uint32_t *block = blocks_of(conv) + plan->header;
  for (uint32_t n = plan->blocks; n > 0u; n--, block += words) {
    uint32_t *to = block;
    for (uint32_t tap = 0; tap < others; tap++, to += tap_words) *to = (uint32_t)(uintptr_t)at[tap];
  }
}

/* ---- plain ------------------------------------------------------------------------------------------------------- */

static void convolve_plain(const grit_conv_t *conv, size_t first, const int32_t *dry, int16_t *out, size_t frames) {
  const grit_convolution_t *record = conv->record;
  const uint32_t *rows = blocks_of(conv), *taps = rows + 2u * record->rows;
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
  const uint32_t *rows = blocks_of(conv);
  for (size_t frame = 0; frame < frames; frame++) {
    const int8_t *weight = int8_at(conv, record->weight);
    for (size_t row = 0; row < record->rows; row++, stream++) {
      int32_t acc = (int32_t)rows[row];
      for (size_t i = 0; i < record->inputs; i++) acc += *weight++ * z[frame * record->inputs + i];
      *stream = grit_saturate(*stream + grit_requantize(acc, rows[record->rows + row], record->shift));
    }
  }
}

/* ---- tiled ------------------------------------------------------------------------------------------------------- */

/* All of a convolution's blocks, over `frames` frames from `first` on, counted
 * from where the taps stand. */
static inline grit_m7_call_t call_of(const grit_conv_t *conv, const int32_t *dry, int16_t *out, uint32_t offset,
                                     size_t frames, uint32_t tile) {
  const plan_t *plan = plan_at(conv);
  grit_m7_call_t call = {
      blocks_of(conv) + plan->header, dry, out, offset, offset, plan->blocks, plan->words * 4u, plan->blocks * 4u};
  call.end += round_up((uint32_t)frames, tile) * plan->pairs * 4u;
  return call;
}

GRIT_FAST_CODE void grit_kernel_convolve(const grit_conv_t *conv, size_t first, const int32_t *dry, int16_t *out,
                                         size_t frames) {
  const plan_t *plan = plan_at(conv);
  if (plan->form < PLAIN) {
    const uint32_t tile = plan->form == HEAD ? GRIT_M7_HEAD_FRAMES : GRIT_M7_TILE_FRAMES;
    grit_m7_call_t call = call_of(conv, dry, out, (uint32_t)first * plan->pairs * 4u, frames, tile);
    plan->tiles(&call, grit_m7_tanh_now);
    return;
  }
  convolve_plain(conv, first, dry, out, frames);
  if (conv->use == GRIT_TANH) grit_kernel_tanh(out, frames * conv->record->rows);
}

GRIT_FAST_CODE void grit_kernel_spread(const grit_conv_t *conv, const int32_t *dry, int16_t *out, size_t frames) {
  const grit_convolution_t *record = conv->record;
  const plan_t *plan = plan_at(conv);
  if (plan->form == SPREAD) {
    const int32_t *end = dry + round_up((uint32_t)frames, GRIT_M7_SPREAD_FRAMES);
    const uint32_t *block = blocks_of(conv);
    for (uint32_t n = plan->blocks; n > 0u; n--, block += plan->words, out += 2)
      grit_m7_spread(block, dry, out, end, record->rows * 2u);
    return;
  }
  const int8_t *weight = int8_at(conv, record->weight);
  const uint32_t *rows = blocks_of(conv);
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t row = 0; row < record->rows; row++) {
      const int32_t acc = (int32_t)rows[row] + weight[row] * dry[frame];
      *out++ = grit_requantize(acc, rows[record->rows + row], record->shift);
    }
}

GRIT_FAST_CODE void grit_kernel_residual(const grit_conv_t *conv, const int16_t *z, int16_t *stream, size_t frames) {
  const plan_t *plan = plan_at(conv);
  if (plan->form != TILED) {
    residual_plain(conv, z, stream, frames);
    return;
  }
  grit_m7_call_t call = call_of(conv, NULL, stream, (uint32_t)(uintptr_t)z, frames, GRIT_M7_TILE_FRAMES);
  call.weights--; /* from the word before the weights, as if a place stood there */
  plan->tiles(&call, NULL);
}

const uint32_t *grit_m7_tanh_now = grit_m7_tanh_tables + 256;

void grit_kernel_use_tanh(const grit_tanh_lines_t *lines) {
  grit_m7_tanh_now = (lines == NULL ? grit_m7_tanh_tables : lines->words) + 256;
}

/* A straight line at x itself, as the tiles have it. */
GRIT_FAST_CODE void grit_kernel_tanh(int16_t *x, size_t count) {
  const uint32_t *bases = grit_m7_tanh_now, *slopes = bases + 512;
  for (size_t i = 0; i < count; i++) {
    const int32_t line = x[i] >> 7;
    x[i] = (int16_t)((int32_t)(bases[line] + slopes[line] * (uint32_t)x[i]) >> 16);
  }
}

/* ---- columns: two channels at a time down the frames ------------------------------------------------------------- */

typedef struct {
  grit_m7_skip_t *skip;
  grit_m7_skip_two_t *skip_two;
} columns_t;

#define COLUMNS(WIDTH) {grit_m7_skip_##WIDTH, grit_m7_skip_two_##WIDTH},
static const columns_t columns[GRIT_M7_MAX_INPUTS / 2u] = {GRIT_M7_EACH_WIDTH(COLUMNS)};

GRIT_FAST_CODE void grit_kernel_skip(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels,
                                     size_t frames) {
  if (channels > GRIT_M7_MAX_INPUTS) {
    for (size_t i = 0; i < frames * channels; i++) skips[i] += z[i] * weight[i % channels];
    return;
  }
  const int32_t *end = skips + (size_t)round_up((uint32_t)frames, GRIT_M7_COLUMN_FRAMES) * channels;
  for (size_t c = 0; c < channels; c += 2u)
    columns[channels / 2u - 1u].skip(skips + c, z + c, end, two_halves(weight[c], weight[c + 1u]));
}

GRIT_FAST_CODE void grit_kernel_skip_two(int32_t *skips, const grit_skip_t *first, const grit_skip_t *second,
                                         size_t channels, size_t frames) {
  if (channels > GRIT_M7_MAX_INPUTS) {
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
  const uint32_t words = (uint32_t)samples / 2u, whole = words / GRIT_M7_COPY_WORDS * GRIT_M7_COPY_WORDS;
  uint32_t *target = (uint32_t *)(void *)to;
  const uint32_t *source = (const uint32_t *)(const void *)from;
  if (whole != 0u) grit_m7_copy(target, source, target + whole);
  for (uint32_t i = whole; i < words; i++) target[i] = source[i];
}

#endif
