/* The Cortex-M7's kernels: the same bits as kernels.c. Weights are widened to int16 when a model is opened and laid out in
 * the order in which the tiles of kernels_m7.S read them. What the tiles do not cover (more than 16 inputs, more than one
 * but an odd number of rows, shifts above 32) runs in plain C, right but slow. */
#include "kernels.h"

#ifdef GRIT_KERNELS_M7

#include <stdbool.h>

#include "arithmetic.h"
#include "film.h"
#include "kernels_m7.h"

#define MOST_SHIFT 32u /* up to it a multiplier can be moved up so that SMMULR is the rounding rule */

typedef enum { TILED, HEAD, SPREAD, PLAIN } form_t;

static form_t form_of(const grit_convolution_t *record) {
  if (record->shift > MOST_SHIFT) return PLAIN;
  if (record->inputs == 1u) return record->kernel == 1u && record->rows % 2u == 0u ? SPREAD : PLAIN;
  if (record->inputs % 2u != 0u || record->inputs > GRIT_M7_MOST_INPUTS) return PLAIN;
  if (record->rows == 1u) return record->mixin == 0u ? HEAD : PLAIN;
  return record->rows % 2u == 0u ? TILED : PLAIN;
}

/* A block's shape, in words. A spread is a tile whose weights are the mix-in, with one tap of zeros. */
typedef struct {
  uint32_t rows, taps, pairs, tap_words, first_tap, multiplier, words;
} block_t;

static block_t block_of(const grit_convolution_t *record) {
  const form_t form = form_of(record);
  block_t block;
  block.rows = form == HEAD ? 1u : 2u;
  block.pairs = form == SPREAD ? 1u : record->inputs / 2u;
  block.taps = record->kernel;
  if (form == HEAD && block.pairs % 2u != 0u) block.taps += record->kernel % 2u; /* this tile takes taps by two */
  block.tap_words = 1u + block.rows * block.pairs;
  block.first_tap = block.rows + 1u;
  block.multiplier = block.first_tap + block.taps * block.tap_words + 1u;
  block.words = block.multiplier + 2u * block.rows;
  return block;
}

size_t grit_kernel_prepared_bytes(const grit_convolution_t *record) {
  if (form_of(record) == PLAIN) return (size_t)record->rows * 2u * sizeof(uint32_t);
  const block_t block = block_of(record);
  return (size_t)(record->rows / block.rows) * block.words * sizeof(uint32_t);
}

static uint32_t two_halves(int32_t low, int32_t high) {
  return ((uint32_t)high << 16) | ((uint32_t)low & 0xFFFFu);
}

static const int8_t *int8_at(const grit_conv_t *conv, uint32_t offset) {
  return (const int8_t *)(conv->blob + offset);
}

void grit_kernel_prepare(const grit_conv_t *conv) {
  const grit_convolution_t *record = conv->record;
  const form_t form = form_of(record);
  if (form == PLAIN) return;
  const block_t shape = block_of(record);
  uint32_t *block = conv->prepared;
  for (uint32_t first = 0; first < record->rows; first += shape.rows, block += shape.words) {
    const uint32_t mixin = form == SPREAD ? record->weight : record->mixin;
    block[shape.rows] = 0;
    if (mixin != 0u) block[shape.rows] = two_halves(int8_at(conv, mixin)[first], int8_at(conv, mixin)[first + 1u]);
    uint32_t *to = block + shape.first_tap;
    for (uint32_t tap = 0; tap < shape.taps; tap++) {
      *to++ = 0; /* the tap's audio */
      for (uint32_t i = 0; i < 2u * shape.pairs; i += 2u)
        for (uint32_t row = first; row < first + shape.rows; row++) {
          const int8_t *w = int8_at(conv, record->weight) + ((size_t)row * record->kernel + tap) * record->inputs + i;
          *to++ = form == SPREAD || tap >= record->kernel ? 0u : two_halves(w[0], w[1]);
        }
    }
    *to = (uint32_t)(uintptr_t)to;
  }
}

void grit_kernel_set_rows(const grit_conv_t *conv, const int32_t *bias, const int16_t *multiplier) {
  const grit_convolution_t *record = conv->record;
  if (form_of(record) == PLAIN) {
    for (uint32_t row = 0; row < record->rows; row++) {
      conv->prepared[row] = (uint32_t)bias[row];
      conv->prepared[record->rows + row] = grit_multiplier_pair(multiplier[row], (int32_t)conv->slope);
    }
    return;
  }
  const block_t shape = block_of(record);
  const uint32_t up = MOST_SHIFT - record->shift;
  uint32_t *block = conv->prepared;
  for (uint32_t first = 0; first < record->rows; first += shape.rows, block += shape.words)
    for (uint32_t i = 0; i < shape.rows; i++) {
      const uint32_t above = (uint32_t)multiplier[first + i] << up;
      const uint32_t below = (grit_multiplier_pair(multiplier[first + i], (int32_t)conv->slope) >> 16) << up;
      block[i] = (uint32_t)bias[first + i];
      block[shape.multiplier + i] = above;
      block[shape.multiplier + shape.rows + i] = below - above;
    }
}

/* ---- plain ---------------------------------------------------------------------------------------------------------
 */

static void convolve_plain(const grit_conv_t *conv, const int16_t *const *taps, const int32_t *dry, int16_t *out,
                           size_t frames) {
  const grit_convolution_t *record = conv->record;
  const int8_t *mixin = record->mixin == 0u ? NULL : int8_at(conv, record->mixin);
  for (size_t frame = 0; frame < frames; frame++) {
    const int8_t *weight = int8_at(conv, record->weight);
    for (size_t row = 0; row < record->rows; row++) {
      int32_t acc = (int32_t)conv->prepared[row];
      if (mixin != NULL) acc += mixin[row] * dry[frame];
      for (size_t tap = 0; tap < record->kernel; tap++) {
        const int16_t *x = taps[tap] + frame * record->inputs;
        for (size_t i = 0; i < record->inputs; i++) acc += *weight++ * x[i];
      }
      out[frame * record->rows + row] = grit_requantize(acc, conv->prepared[record->rows + row], record->shift);
    }
  }
}

static void residual_plain(const grit_conv_t *conv, const int16_t *z, int16_t *stream, size_t frames) {
  const grit_convolution_t *record = conv->record;
  for (size_t frame = 0; frame < frames; frame++) {
    const int8_t *weight = int8_at(conv, record->weight);
    for (size_t row = 0; row < record->rows; row++, stream++) {
      int32_t acc = (int32_t)conv->prepared[row];
      for (size_t i = 0; i < record->inputs; i++) acc += *weight++ * z[frame * record->inputs + i];
      *stream = grit_saturate(*stream + grit_requantize(acc, conv->prepared[record->rows + row], record->shift));
    }
  }
}

/* ---- tiled ---------------------------------------------------------------------------------------------------------
 */

typedef struct {
  grit_m7_convolve_t *linear[2], *leaky[2], *tanh[2]; /* taps by one, by three */
  grit_m7_residual_t *residual;
  grit_m7_head_t *head;
} tiles_t;

#define TILES(WIDTH)                                                             \
  {{grit_m7_convolve_linear_##WIDTH##_1, grit_m7_convolve_linear_##WIDTH##_3}, \
   {grit_m7_convolve_leaky_##WIDTH##_1, grit_m7_convolve_leaky_##WIDTH##_3},   \
   {grit_m7_convolve_tanh_##WIDTH##_1, grit_m7_convolve_tanh_##WIDTH##_3},     \
   grit_m7_residual_##WIDTH,                                                     \
   grit_m7_head_##WIDTH},
static const tiles_t tiles[GRIT_M7_MOST_INPUTS / 2u] = {GRIT_M7_EACH_WIDTH(TILES)};

static uint32_t whole_tiles(size_t frames, uint32_t tile) {
  return ((uint32_t)frames + tile - 1u) / tile * tile;
}

static void aim_taps(uint32_t *block, const block_t *shape, uint32_t kernel, const int16_t *const *taps) {
  uint32_t *to = block + shape->first_tap;
  for (uint32_t tap = 0; tap < shape->taps; tap++, to += shape->tap_words)
    *to = (uint32_t)(uintptr_t)taps[tap < kernel ? tap : 0u];
}

void grit_kernel_convolve(const grit_conv_t *conv, const int16_t *const *taps, const int32_t *dry, int16_t *out,
                          size_t frames, int tanh) {
  const grit_convolution_t *record = conv->record;
  const form_t form = form_of(record);
  if (form == PLAIN) {
    convolve_plain(conv, taps, dry, out, frames);
    if (tanh) grit_kernel_tanh(out, frames * record->rows);
    return;
  }
  const block_t shape = block_of(record);
  const tiles_t *tile = &tiles[shape.pairs - 1u];
  uint32_t *block = conv->prepared;
  if (form == HEAD) {
    aim_taps(block, &shape, record->kernel, taps);
    tile->head(block, dry, out, out + whole_tiles(frames, GRIT_M7_HEAD_FRAMES));
    return;
  }
  const bool by_three = record->kernel % 3u == 0u;
  const bool leaky = conv->slope != GRIT_NO_SLOPE;
  grit_m7_convolve_t *run = (tanh ? tile->tanh : leaky ? tile->leaky : tile->linear)[by_three];
  const int16_t *end = out + (size_t)whole_tiles(frames, GRIT_M7_TILE_FRAMES) * record->rows;
  for (uint32_t row = 0; row < record->rows; row += 2u, block += shape.words) {
    aim_taps(block, &shape, record->kernel, taps);
    run(block, dry, out + row, end, record->rows * (uint32_t)sizeof(int16_t),
        grit_m7_tanh_tables + 256); /* the index runs from -256 */
  }
}

void grit_kernel_spread(const grit_conv_t *conv, const int32_t *dry, int16_t *out, size_t frames) {
  const int16_t *tap = (const int16_t *)(const void *)dry; /* meets zeros only */
  const grit_convolution_t *record = conv->record;
  if (form_of(record) == SPREAD) {
    grit_kernel_convolve(conv, &tap, dry, out, frames, 0);
    return;
  }
  const int8_t *weight = int8_at(conv, record->weight);
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t row = 0; row < record->rows; row++) {
      const int32_t acc = (int32_t)conv->prepared[row] + weight[row] * dry[frame];
      *out++ = grit_requantize(acc, conv->prepared[record->rows + row], record->shift);
    }
}

void grit_kernel_residual(const grit_conv_t *conv, const int16_t *z, int16_t *stream, size_t frames) {
  const grit_convolution_t *record = conv->record;
  if (form_of(record) != TILED) {
    residual_plain(conv, z, stream, frames);
    return;
  }
  const block_t shape = block_of(record);
  uint32_t *block = conv->prepared;
  const int16_t *end = stream + (size_t)whole_tiles(frames, GRIT_M7_TILE_FRAMES) * record->rows;
  for (uint32_t row = 0; row < record->rows; row += 2u, block += shape.words)
    tiles[shape.pairs - 1u].residual(block, stream + row, stream + row, end, z);
}

/* Eight channels at a time: two loads and two stores a word of z, exact in int32. */
void grit_kernel_skip(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels, size_t frames) {
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t c = 0; c < channels; c++) *skips++ += *z++ * weight[c];
}

#endif
