/* The Cortex-M7's kernels for small networks: the same bits as kernels.c's. */
#include "kernels.h"

#ifdef GRIT_KERNELS_M7

#include "m7/blocks_m7.h"
#include "m7/kernels_m7_small.h"

#define HEAD_WORDS (1u + sizeof(grit_m7_layer_t) / sizeof(uint32_t)) /* before a conv's biases */

static uint32_t bias_at(const grit_conv_t *conv) {
  return conv->use == GRIT_LAYER ? HEAD_WORDS : 1u;
}

/* Words of a tap, its place included. */
static uint32_t tap_words(const grit_conv_t *conv) {
  return 1u + conv->record->rows * conv->record->rows / 2u;
}

/* The first tap's place; the 1x1's weights. */
static uint32_t taps_at(const grit_conv_t *conv) {
  const uint32_t rows = conv->record->rows;
  return bias_at(conv) + rows + (conv->use == GRIT_LAYER ? rows / 2u : 0u);
}

static uint32_t multiplier_at(const grit_conv_t *conv) {
  return taps_at(conv) + (conv->use == GRIT_LAYER ? 3u * tap_words(conv) : tap_words(conv) - 1u);
}

GRIT_ONCE size_t grit_m7_layer_prepared_bytes(const grit_conv_t *conv) {
  return (multiplier_at(conv) + conv->record->rows) * sizeof(uint32_t);
}

static uint32_t two_halves(int32_t low, int32_t high) {
  return ((uint32_t)high << 16) | ((uint32_t)low & 0xFFFFu);
}

GRIT_ONCE void grit_m7_layer_prepare(const grit_conv_t *conv) {
  const grit_convolution_t *record = conv->record;
  const uint32_t rows = record->rows;
  const bool placed = conv->use == GRIT_LAYER;
  conv->prepared[0] = GRIT_M7_LAYER_FORM;
  if (record->mixin != 0u) {
    const int8_t *mixin = (const int8_t *)(conv->blob + record->mixin);
    for (uint32_t row = 0; row < rows; row += 2u)
      conv->prepared[HEAD_WORDS + rows + row / 2u] = two_halves(mixin[row], mixin[row + 1u]);
  }
  uint32_t *to = conv->prepared + taps_at(conv);
  for (uint32_t tap = 0; tap < record->kernel; tap++) {
    to += placed ? 1 : 0;
    for (uint32_t i = 0; i < rows; i += 2u)
      for (uint32_t row = 0; row < rows; row++) {
        const int8_t *w = (const int8_t *)(conv->blob + record->weight) + (row * record->kernel + tap) * rows + i;
        *to++ = two_halves(w[0], w[1]);
      }
  }
}

GRIT_FAST_CODE void grit_m7_layer_set_rows(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step) {
  uint32_t *bias = conv->prepared + bias_at(conv), *multiplier = conv->prepared + multiplier_at(conv);
  for (uint32_t row = 0; row < conv->record->rows; row++) {
    bias[row] = (uint32_t)grit_bias_at(ramp, row, step);
    multiplier[row] = (uint32_t)grit_multiplier_at(ramp, row, step) << (32u - conv->record->shift);
  }
}

GRIT_FAST_CODE void grit_m7_layer_set_row(const grit_conv_t *conv, uint32_t row, const grit_row_t *from) {
  const grit_convolution_t *record = conv->record;
  const uint32_t rows = record->rows, pairs = rows / 2u;
  const int16_t *weight = from->weight;
  uint32_t *to = conv->prepared + taps_at(conv);
  conv->prepared[bias_at(conv) + row] = (uint32_t)from->bias;
  conv->prepared[multiplier_at(conv) + row] = (uint32_t)from->multiplier << (32u - record->shift);
  if (record->mixin != 0u) ((int16_t *)(void *)(conv->prepared + HEAD_WORDS + rows))[row] = from->mixin;
  for (uint32_t tap = 0; tap < record->kernel; tap++) {
    to += conv->use == GRIT_LAYER ? 1 : 0;
    for (uint32_t pair = 0; pair < pairs; pair++, weight += 2, to += rows)
      __builtin_memcpy(to + row, weight, sizeof *to);
  }
}

GRIT_FAST_CODE void grit_m7_layer_aim(const grit_conv_t *conv, uint32_t tap, const int16_t *at) {
  conv->prepared[taps_at(conv) + tap * tap_words(conv)] = (uint32_t)(uintptr_t)at;
}

GRIT_FAST_CODE void grit_kernel_shift(int16_t *to, const int16_t *from, const int8_t *shift, size_t channels,
                                      size_t frames) {
  const size_t whole = (frames + GRIT_M7_SHIFT_FRAMES - 1u) / GRIT_M7_SHIFT_FRAMES * GRIT_M7_SHIFT_FRAMES;
  const int16_t *end = from + whole * channels;
  for (size_t c = 0; c < channels; c += 2u, to += 2, from += 2, end += 2)
    if (to != from || shift[c] != 0 || shift[c + 1u] != 0)
      grit_m7_shift(to, from, end, 1 << (30 - shift[c]), 1 << (30 - shift[c + 1u]), (uint32_t)channels * 2u);
}

/* All of it moves with the taps: what stands elsewhere is placed `first` frames before itself. */
GRIT_FAST_CODE void grit_kernel_pass(const grit_conv_t *conv, size_t first, const grit_pass_t *pass, size_t frames) {
  grit_m7_layer_t *layer = (grit_m7_layer_t *)(void *)(conv->prepared + 1);
  const uint32_t frame_bytes = conv->record->rows * 2u, offset = (uint32_t)first * frame_bytes;
  layer->tanh_tables = grit_m7_tanh_now;
  layer->dry = (uint32_t)(uintptr_t)pass->dry - (uint32_t)first * 4u;
  layer->z = (uint32_t)(uintptr_t)pass->z - offset;
  layer->base = (uint32_t)(uintptr_t)pass->base - offset;
  layer->out = (uint32_t)(uintptr_t)pass->out - offset;
  const uint32_t tiles = ((uint32_t)frames + GRIT_M7_LAYER_FRAMES - 1u) / GRIT_M7_LAYER_FRAMES;
  layer->end = offset + tiles * (GRIT_M7_LAYER_FRAMES * frame_bytes);
  if (frame_bytes == 4u)
    grit_m7_layer_2(layer, offset);
  else
    grit_m7_layer_4(layer, offset);
}

GRIT_FAST_CODE void grit_kernel_gather(const grit_slots_t *slots, uint32_t shift, int16_t *out, size_t channels,
                                       size_t frames) {
  const uint32_t frame_bytes = (uint32_t)channels * (uint32_t)sizeof(int16_t);
  grit_m7_gather_t call = {.factor = 1 << (32u - shift), .frame_bytes = frame_bytes};
  call.slot_bytes = GRIT_SLOT_FRAMES * frame_bytes;
  const size_t whole = (frames + GRIT_M7_GATHER_FRAMES - 1u) / GRIT_M7_GATHER_FRAMES * GRIT_M7_GATHER_FRAMES;
  const int16_t *weights = slots->weights;
  for (size_t c = 0; c < channels; c += 2u) {
    call.z = slots->z + c;
    call.end = call.z + whole * channels;
    call.out = out + c;
    call.weights = weights;
    weights += 2u * slots->count;
    call.last = weights;
    grit_m7_gather(&call);
  }
}

#endif
