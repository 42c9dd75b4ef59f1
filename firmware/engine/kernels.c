/* The portable kernels: plain loops, the measure for every faster one. */
#include "kernels.h"

#include "arithmetic.h"
#include "tables.h"

#ifndef GRIT_KERNELS_M7

size_t grit_kernel_prepared_bytes(const grit_convolution_t *record) {
  (void)record;
  return 0;
}

void grit_kernel_prepare(const grit_conv_t *conv, void *prepared) {
  (void)conv;
  (void)prepared;
}

void grit_kernel_convolve(const grit_conv_t *conv, const int16_t *const *taps, const int16_t *dry, int16_t *out,
                          size_t frames) {
  const size_t rows = conv->record->rows, inputs = conv->record->inputs, kernel = conv->record->kernel;
  const uint32_t shift = conv->record->shift;
  for (size_t frame = 0; frame < frames; frame++) {
    const int8_t *weight = conv->weight;
    for (size_t row = 0; row < rows; row++) {
      int32_t acc = conv->bias[row];
      if (conv->mixin != NULL) acc += conv->mixin[row] * dry[frame];
      for (size_t tap = 0; tap < kernel; tap++) {
        const int16_t *x = taps[tap] + frame * inputs;
        for (size_t i = 0; i < inputs; i++) acc += *weight++ * x[i];
      }
      out[frame * rows + row] = grit_requantize(acc, conv->multiplier[row], shift);
    }
  }
}

void grit_kernel_residual(const grit_conv_t *conv, const int16_t *z, const int16_t *stream, int16_t *next,
                          size_t frames) {
  const size_t rows = conv->record->rows, inputs = conv->record->inputs;
  const uint32_t shift = conv->record->shift;
  for (size_t frame = 0; frame < frames; frame++) {
    const int8_t *weight = conv->weight;
    for (size_t row = 0; row < rows; row++) {
      int32_t acc = conv->bias[row];
      for (size_t i = 0; i < inputs; i++) acc += *weight++ * z[frame * inputs + i];
      const int32_t sum = stream[frame * rows + row] + grit_requantize(acc, conv->multiplier[row], shift);
      next[frame * rows + row] = grit_saturate(sum);
    }
  }
}

void grit_kernel_skip(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels, size_t frames) {
  for (size_t frame = 0; frame < frames; frame++)
    for (size_t c = 0; c < channels; c++) *skips++ += *z++ * weight[c];
}

void grit_kernel_narrow(const int32_t *skips, uint32_t shift, int16_t *out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = grit_saturate(grit_shift_round(skips[i], shift));
}

void grit_kernel_tanh(int16_t *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t entry = grit_tanh_table[(x[i] >> 7) + 256];
    x[i] = grit_interpolate(x[i], (int16_t)(entry & 0xFFFFu), entry, 7);
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

#endif
