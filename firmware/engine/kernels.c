/* The portable kernels: plain loops, the measure for every faster one. What
 * kernels_m7.c does not replace, it shares.
 */
#include "kernels.h"

#include <string.h>

#include "arithmetic.h"
#include "generated/tables.h"
#include "model.h"

#ifdef GRIT_KERNELS_M7
#include "m7/blocks_m7.h"
#endif

/* A laptop may run engines in several threads. */
#if defined(__x86_64__) || defined(__aarch64__)
#define GRIT_EACH_THREAD _Thread_local
#else
#define GRIT_EACH_THREAD
#endif

#ifndef GRIT_KERNELS_M7

/* Loops with the machine's vectors, where it has them. */
#if defined(__AVX2__) && !defined(GRIT_KERNELS_PLAIN)
#define USE_WIDE
#define USE_WIDE_TANH
#define USE_AVX2
#define USE_WIDE_SHIFT
#include "kernels_avx2.h"
#elif defined(__wasm_simd128__) && !defined(GRIT_KERNELS_PLAIN)
#define USE_WIDE
#define USE_WIDE_TANH
#include "kernels_simd128.h"
#elif defined(__aarch64__) && defined(__ARM_NEON) && !defined(GRIT_KERNELS_PLAIN)
#define USE_WIDE
#define USE_WIDE_TANH
#define USE_MANY
#define USE_WIDE_SHIFT
#define USE_WIDE_NARROW
#include "kernels_neon.h"
#endif

/* prepared: where each tap's audio stands; int32 bias[rows]; a word a row with
 * its multipliers (grit_multiplier_pair); with wide loops, their own form of all that; else the weights as int16
 * [rows][kernel][inputs] and a mix-in weight a row.
 */

#ifdef USE_WIDE
/* What is spread from one input runs in plain loops everywhere. */
static bool is_wide(const grit_convolution_t *record) {
  return record->inputs > 1u && fits_wide(record);
}
#endif

static const int16_t **taps_of(const grit_conv_t *conv) {
  return (const int16_t **)(void *)conv->prepared;
}

static uint32_t tap_words(const grit_convolution_t *record) {
  return record->kernel * (uint32_t)(sizeof(int16_t *) / sizeof(uint32_t));
}

static uint32_t *rows_of(const grit_conv_t *conv) {
  return conv->prepared + tap_words(conv->record);
}

size_t grit_kernel_prepared_bytes(const grit_conv_t *conv) {
  const grit_convolution_t *record = conv->record;
  size_t words = tap_words(record) + (size_t)record->rows * 2u;
#ifdef USE_WIDE
  if (is_wide(record)) return (words + wide_words(record)) * sizeof(uint32_t);
#endif
  words += (record->rows * ((size_t)record->kernel * record->inputs + 1u) + 1u) / 2u;
  return words * sizeof(uint32_t);
}

static int16_t *weights_of(const grit_conv_t *conv) {
  return (int16_t *)(void *)(rows_of(conv) + 2u * conv->record->rows);
}

/* NULL: the dry sound is not mixed in. */
static int16_t *mixins_of(const grit_conv_t *conv) {
  const grit_convolution_t *record = conv->record;
  return record->mixin == 0u ? NULL : weights_of(conv) + (size_t)record->rows * record->kernel * record->inputs;
}

void grit_kernel_prepare(const grit_conv_t *conv) {
  const grit_convolution_t *record = conv->record;
#ifdef USE_WIDE
  if (is_wide(record)) {
    prepare_wide(conv, rows_of(conv) + 2u * record->rows);
    return;
  }
#endif
  const int8_t *weight = (const int8_t *)(conv->blob + record->weight);
  const int8_t *mixin = (const int8_t *)(conv->blob + record->mixin);
  int16_t *weights = weights_of(conv), *mixins = mixins_of(conv);
  for (size_t i = 0; i < (size_t)record->rows * record->kernel * record->inputs; i++) weights[i] = weight[i];
  for (size_t row = 0; mixins != NULL && row < record->rows; row++) mixins[row] = mixin[row];
}

static void set_pair(const grit_conv_t *conv, uint32_t row, int32_t multiplier) {
  const uint32_t rows = conv->record->rows;
  uint32_t *words = rows_of(conv);
  words[rows + row] = grit_multiplier_pair(multiplier, (int32_t)conv->slope);
}

void grit_kernel_set_row(const grit_conv_t *conv, uint32_t row, const grit_row_t *to) {
  const grit_convolution_t *record = conv->record;
  rows_of(conv)[row] = (uint32_t)to->bias;
  set_pair(conv, row, to->multiplier);
#ifdef USE_WIDE
  if (is_wide(record)) {
    set_row_wide(conv, rows_of(conv) + 2u * record->rows, row, to);
    set_rows_wide(conv, rows_of(conv) + 2u * record->rows, rows_of(conv), rows_of(conv) + record->rows);
    return;
  }
#endif
  const size_t fan_in = (size_t)record->kernel * record->inputs;
  memcpy(weights_of(conv) + row * fan_in, to->weight, fan_in * sizeof(int16_t));
  if (record->mixin != 0u) mixins_of(conv)[row] = to->mixin;
}

void grit_kernel_use_slope(const grit_conv_t *conv) {
  uint32_t *words = rows_of(conv);
  const uint32_t rows = conv->record->rows;
  for (uint32_t row = 0; row < rows; row++) set_pair(conv, row, (int32_t)(words[rows + row] & 0xFFFFu));
#ifdef USE_WIDE
  if (is_wide(conv->record)) set_rows_wide(conv, words + 2u * rows, words, words + rows);
#endif
}

void grit_kernel_set_rows(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step) {
  const uint32_t rows = conv->record->rows;
  uint32_t *words = rows_of(conv);
  for (uint32_t row = 0; row < rows; row++) {
    words[row] = (uint32_t)grit_bias_at(ramp, row, step);
    words[rows + row] = grit_multiplier_pair(grit_multiplier_at(ramp, row, step), (int32_t)conv->slope);
  }
#ifdef USE_WIDE
  if (is_wide(conv->record)) set_rows_wide(conv, words + 2u * rows, words, words + rows);
#endif
}

void grit_kernel_aim(const grit_conv_t *conv, uint32_t tap, const int16_t *at) {
  taps_of(conv)[tap] = at;
}

void grit_kernel_aim_all(const grit_conv_t *conv, const int16_t *const *at) {
  memcpy(taps_of(conv), at, (conv->record->kernel - 1u) * sizeof *at);
}

static void convolve(const grit_conv_t *conv, size_t first, const int32_t *dry, int16_t *out, size_t frames) {
  const size_t rows = conv->record->rows, inputs = conv->record->inputs, kernel = conv->record->kernel;
  const int16_t *const *taps = taps_of(conv);
  const uint32_t *words = rows_of(conv);
#ifdef USE_WIDE
  if (is_wide(conv->record)) {
    convolve_wide(conv, words + 2u * rows, taps, first, dry, NULL, out, frames);
    if (conv->use == GRIT_TANH || conv->use == GRIT_LAYER) grit_kernel_tanh(out, rows * frames);
    return;
  }
#endif
  const int16_t *weights = weights_of(conv), *mixin = mixins_of(conv);
  for (size_t frame = 0; frame < frames; frame++) {
    const int16_t *weight = weights;
    for (size_t row = 0; row < rows; row++) {
      int32_t acc = (int32_t)words[row];
      if (mixin != NULL) acc += mixin[row] * dry[frame];
      for (size_t tap = 0; tap < kernel; tap++) {
        const int16_t *x = taps[tap] + (first + frame) * inputs;
        for (size_t i = 0; i < inputs; i++) acc += *weight++ * x[i];
      }
      out[frame * rows + row] = grit_requantize(acc, words[rows + row], conv->record->shift);
    }
  }
  if (conv->use == GRIT_TANH || conv->use == GRIT_LAYER) grit_kernel_tanh(out, rows * frames);
}

void grit_kernel_spread(const grit_conv_t *conv, const int32_t *dry, int16_t *out, size_t frames) {
  const size_t rows = conv->record->rows;
  const uint32_t *words = rows_of(conv);
  const int16_t *weight = weights_of(conv);
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t row = 0; row < rows; row++) {
      const int32_t acc = (int32_t)words[row] + weight[row] * dry[frame];
      out[frame * rows + row] = grit_requantize(acc, words[rows + row], conv->record->shift);
    }
}

void grit_kernel_residual(const grit_conv_t *conv, const int16_t *z, int16_t *stream, size_t frames) {
  const size_t rows = conv->record->rows, inputs = conv->record->inputs;
  const uint32_t *words = rows_of(conv);
#ifdef USE_WIDE
  if (is_wide(conv->record)) {
    convolve_wide(conv, rows_of(conv) + 2u * rows, &z, 0, NULL, stream, stream, frames);
    return;
  }
#endif
  const int16_t *weights = weights_of(conv);
  for (size_t frame = 0; frame < frames; frame++) {
    const int16_t *weight = weights;
    for (size_t row = 0; row < rows; row++) {
      int32_t acc = (int32_t)words[row];
      for (size_t i = 0; i < inputs; i++) acc += *weight++ * z[frame * inputs + i];
      int16_t *to = &stream[frame * rows + row];
      *to = grit_saturate(*to + grit_requantize(acc, words[rows + row], conv->record->shift));
    }
  }
}

void grit_kernel_convolve(const grit_conv_t *conv, size_t first, const int32_t *dry, int16_t *out, size_t frames) {
  convolve(conv, first, dry, out, frames);
}

void grit_kernel_pass(const grit_conv_t *conv, size_t first, const grit_pass_t *pass, size_t frames) {
  convolve(conv, first, pass->dry, pass->z, frames);
  memcpy(pass->out, pass->base, frames * conv->record->rows * sizeof(int16_t));
  grit_kernel_residual(pass->then, pass->z, pass->out, frames);
}

void grit_kernel_skip(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels, size_t frames) {
#ifdef USE_WIDE
  if (skips_wide(channels)) {
    skip_wide(skips, z, weight, channels, frames);
    return;
  }
#endif
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t c = 0; c < channels; c++) *skips++ += *z++ * weight[c];
}

void grit_kernel_skip_two(int32_t *skips, const grit_skip_t *first, const grit_skip_t *second, size_t channels,
                          size_t frames) {
#ifdef USE_MANY
  if (skips_many(channels)) {
    skip_two_many(skips, first, second, channels, frames);
    return;
  }
#endif
  grit_kernel_skip(skips, first->z, first->weight, channels, frames);
  grit_kernel_skip(skips, second->z, second->weight, channels, frames);
}

void grit_kernel_shift(int16_t *to, const int16_t *from, const int8_t *shift, size_t channels, size_t frames) {
#ifdef USE_WIDE_SHIFT
  if (channels % LANES == 0u) {
    shift_wide(to, from, shift, channels, frames);
    return;
  }
#endif
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t c = 0; c < channels; c++) *to++ = (int16_t)grit_shift_round(*from++, (uint32_t)shift[c]);
}

void grit_kernel_narrow(const int32_t *skips, uint32_t shift, int16_t *out, size_t count) {
#ifdef USE_WIDE_NARROW
  if (count % LANES == 0u) {
    narrow_wide(skips, shift, out, count);
    return;
  }
#endif
  for (size_t i = 0; i < count; i++) out[i] = grit_saturate(grit_shift_round(skips[i], shift));
}

void grit_kernel_gather(const grit_slots_t *slots, uint32_t shift, int16_t *out, size_t channels, size_t frames) {
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t c = 0; c < channels; c++) {
      const int16_t *z = slots->z + frame * channels + c,
                    *weight = slots->weights + c / 2u * 2u * slots->count + c % 2u;
      int32_t sum = 0;
      for (size_t slot = 0; slot < slots->count; slot++)
        sum += z[slot * GRIT_SLOT_FRAMES * channels] * weight[2u * slot];
      *out++ = grit_saturate(grit_shift_round(sum, shift));
    }
}

/* ---- three channels in two planes ---- */

bool grit_three_fits(const grit_model_t *model) {
#ifdef USE_WIDE
  (void)model; /* its loops want whole frames */
  return false;
#else
  return grit_model_reads_three(model);
#endif
}

static int32_t three_sum(const int16_t *weight, uintptr_t planes, const int16_t *x) {
  return weight[0] * x[0] + weight[1] * x[1] + weight[2] * *grit_third(planes, x);
}

void grit_three_convolve(const grit_conv_t *conv, uintptr_t planes, size_t first, const int32_t *dry, int16_t *out,
                         size_t frames) {
  const size_t rows = conv->record->rows, kernel = conv->record->kernel;
  const int16_t *weights = weights_of(conv), *mixins = mixins_of(conv);
  const uint32_t *words = rows_of(conv);
  for (size_t frame = 0; frame < frames; frame++, out += 2)
    for (size_t row = 0; row < 3u; row++) {
      int32_t acc = (int32_t)words[row] + (mixins == NULL ? 0 : mixins[row] * dry[frame]);
      for (size_t tap = 0; tap < kernel; tap++)
        acc += three_sum(weights + (row * kernel + tap) * 4u, planes, taps_of(conv)[tap] + 2u * (first + frame));
      *(row < 2u ? out + row : grit_third(planes, out)) = grit_requantize(acc, words[rows + row], conv->record->shift);
    }
}

void grit_three_residual(const grit_conv_t *conv, uintptr_t planes, const int16_t *z, int16_t *stream, size_t frames) {
  const size_t rows = conv->record->rows;
  const int16_t *weights = weights_of(conv);
  const uint32_t *words = rows_of(conv);
  for (size_t frame = 0; frame < frames; frame++, z += 2, stream += 2)
    for (size_t row = 0; row < 3u; row++) {
      const int32_t acc = (int32_t)words[row] + three_sum(weights + row * 4u, planes, z);
      int16_t *to = row < 2u ? stream + row : grit_third(planes, stream);
      *to = grit_saturate(*to + grit_requantize(acc, words[rows + row], conv->record->shift));
    }
}

void grit_three_spread(const grit_conv_t *conv, uintptr_t planes, const int32_t *dry, int16_t *out, size_t frames) {
  const size_t rows = conv->record->rows;
  const int16_t *weight = weights_of(conv);
  const uint32_t *words = rows_of(conv);
  for (size_t frame = 0; frame < frames; frame++, out += 2)
    for (size_t row = 0; row < 3u; row++)
      *(row < 2u ? out + row : grit_third(planes, out)) =
          grit_requantize((int32_t)words[row] + weight[row] * dry[frame], words[rows + row], conv->record->shift);
}

void grit_three_shift(uintptr_t planes, int16_t *stream, const int8_t *shift, size_t frames) {
  for (size_t frame = 0; frame < frames; frame++, stream += 2)
    for (size_t c = 0; c < 3u; c++) {
      int16_t *x = c < 2u ? stream + c : grit_third(planes, stream);
      *x = (int16_t)grit_shift_round(*x, (uint32_t)shift[c]);
    }
}

void grit_three_skip_two(uintptr_t planes, int32_t *skips, const grit_skip_t *first, const grit_skip_t *second,
                         size_t frames) {
  for (const grit_skip_t *one = first;; one = second) {
    const int16_t *z = one->z;
    for (size_t frame = 0; z != NULL && frame < frames; frame++, z += 2)
      for (size_t c = 0; c < 3u; c++)
        skips[4u * frame + c] += (c < 2u ? z[c] : *grit_third(planes, z)) * one->weight[c];
    if (one == second) return;
  }
}

void grit_three_copy(uintptr_t planes, int16_t *to, const int16_t *from, size_t frames) {
  memcpy(to, from, 2u * frames * sizeof(int16_t));
  memcpy(grit_third(planes, to), grit_third(planes, from), frames * sizeof(int16_t));
}

void grit_kernel_clear(int32_t *skips, size_t count) {
  memset(skips, 0, count * sizeof(int32_t));
}

void grit_kernel_copy(int16_t *to, const int16_t *from, size_t samples) {
  memmove(to, from, samples * sizeof(int16_t));
}

#endif

#ifndef GRIT_KERNELS_M7
static GRIT_EACH_THREAD const uint32_t *tanh_bent; /* NULL: as trained */

void grit_kernel_use_tanh(const grit_tanh_lines_t *lines) {
  tanh_bent = lines == NULL ? NULL : lines->words;
}

void grit_kernel_tanh(int16_t *x, size_t count) {
  const uint32_t *table = tanh_bent;
#ifdef USE_WIDE_TANH
  if (table == NULL) {
    tanh_wide(x, count);
    return;
  }
#endif
  if (table == NULL) table = grit_tanh_table;
  for (size_t i = 0; i < count; i++) {
    const uint32_t entry = table[(x[i] >> 7) + 256];
    x[i] = grit_interpolate(x[i], (int16_t)(entry & 0xFFFFu), entry, 7);
  }
}
#endif

/* Where the bent tanh is at the beginning of a segment of 128 steps, counted from the middle: from tanh to where its
 * way ends. */
static int32_t bent_at(int32_t line, int32_t way) {
  int32_t trained = INT16_MAX;
#ifdef GRIT_KERNELS_M7
  const uint32_t *bases = grit_m7_tanh_tables + 256, *slopes = bases + 512;
  if (line < 256) trained = (int32_t)(bases[line] + slopes[line] * 128u * (uint32_t)line) >> 16;
#else
  if (line < 256) trained = (int16_t)(grit_tanh_table[line + 256] & 0xFFFFu);
#endif
  int32_t end = trained < 0 ? 0 : trained;
  if (way > 0) {
    end = line * 2048 / 3; /* 6144 steps are 1 */
    end = end > INT16_MAX ? INT16_MAX : end < -INT16_MAX ? -INT16_MAX : end;
  }
  return trained + (((end - trained) * ((way < 0 ? -way : way) >> 1)) >> 14);
}

void grit_kernel_bend_tanh(grit_tanh_lines_t *lines, int32_t way) {
  int32_t next = bent_at(-256, way);
  for (int32_t line = -256; line < 256; line++) {
    const int32_t base = next;
    next = bent_at(line + 1, way);
    const int32_t slope = line == -256 || line == 255 ? 0 : next - base; /* flat at the ends */
    uint32_t *word = &lines->words[line + 256];
#ifdef GRIT_KERNELS_M7
    word[0] = (uint32_t)(128 * base - 128 * slope * line + 64 - (line < 0 ? 1 : 0)) << 9;
    word[512] = (uint32_t)slope << 9;
#else
    *word = (uint32_t)slope << 16 | ((uint32_t)base & 0xFFFFu);
#endif
  }
}

void grit_kernel_sigmoid(int16_t *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t entry = grit_sigmoid_table[(x[i] >> 7) + 256];
    x[i] = grit_interpolate(x[i], (int32_t)(entry & 0xFFFFu), entry, 8);
  }
}

void grit_kernel_gate(const int16_t *pre, int16_t *z, size_t channels, size_t frames) {
  for (size_t frame = 0; frame < frames; frame++) {
    const int16_t *main = pre + frame * 2u * channels;
    for (size_t c = 0; c < channels; c++) {
      const int32_t once = (main[c] * main[channels + c] + 1) >> 1;
      z[frame * channels + c] = grit_saturate((once + (1 << 13) + (once >> 31)) >> 14);
    }
  }
}
