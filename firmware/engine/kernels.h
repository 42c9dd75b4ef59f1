/* The audio-rate work, one kernel each. Two implementations with the same bits: kernels.c (portable, the readable one)
 * and, where GRIT_KERNELS_M7 is defined, kernels_m7.c. Samples are int16; frames lie behind each other, channels within
 * a frame. All frames a kernel touches in one call are contiguous: the engine cuts at ring ends. */
#ifndef GRITSPACE_KERNELS_H
#define GRITSPACE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "grit_format.h"

/* Requantization of one row: low half for accumulators >= 0, high half for < 0 (they differ under a leaky ReLU). */
typedef uint32_t grit_multiplier_t;

typedef struct {
  const grit_convolution_t *record;
  const int8_t *weight;                /* [rows][kernel][inputs] */
  const int8_t *mixin;                 /* [rows] or NULL */
  const int32_t *bias;                 /* [rows] */
  const grit_multiplier_t *multiplier; /* [rows] */
  const void *prepared;                /* what grit_kernel_prepare made of the weights, or NULL */
} grit_conv_t;

/* Bytes of caller's memory in which the kernels want this convolution's weights laid out anew; 0 if none. */
size_t grit_kernel_prepared_bytes(const grit_convolution_t *record);
void grit_kernel_prepare(const grit_conv_t *conv, void *prepared);

/* out[frame][row] = requantized sum over taps[k][frame][input] * weight + dry[frame] * mixin + bias. */
void grit_kernel_convolve(const grit_conv_t *conv, const int16_t *const *taps, const int16_t *dry, int16_t *out,
                          size_t frames);

/* next = saturated stream + 1x1 of z. stream, z, next: [frame][channel]. */
void grit_kernel_residual(const grit_conv_t *conv, const int16_t *z, const int16_t *stream, int16_t *next,
                          size_t frames);

/* skips[frame][channel] += z * weight[channel]. weight: 0..64. */
void grit_kernel_skip(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels, size_t frames);

/* out = saturated (skips + half) >> shift. */
void grit_kernel_narrow(const int32_t *skips, uint32_t shift, int16_t *out, size_t count);

/* Tables, in place. */
void grit_kernel_tanh(int16_t *x, size_t count);
void grit_kernel_sigmoid(int16_t *x, size_t count);

/* z[frame][c] = pre[frame][c] * pre[frame][channels + c] in Q15. */
void grit_kernel_gate(const int16_t *pre, int16_t *z, size_t channels, size_t frames);

#endif
