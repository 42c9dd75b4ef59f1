/* Three channels in two planes on the Cortex-M7: what kernels_m7_three.c and kernels_m7.S share, and what kernels_m7.c
 * hands on.
 *
 * A convolution's memory, words of 32 bits: GRIT_M7_THREE_FORM in a byte of the first; then
 *
 *   bias of each output; mix-in weights of the first two, a half each; of the third
 *   per pair of taps: where each one's audio stands; for each output two weights of the first tap; of the second;
 *   for each output what the third channel weighs in both
 *   where the tiles do not know how many pairs there are: a place that may be read
 *   multiplier of each output; for each output what to add to it below zero
 *
 * A residual's: biases; weights of two channels of each output; of the third, a half each (two words); multipliers. A
 * spread's: biases, weights, multipliers. */
#ifndef GRITSPACE_KERNELS_M7_THREE_H
#define GRITSPACE_KERNELS_M7_THREE_H

#include "kernels.h"

#define GRIT_M7_THREE_FORM 4u        /* beside kernels_m7.c's forms */
#define GRIT_M7_THREE_FRAMES 2u      /* a tile's */
#define GRIT_M7_THREE_SKIP_FRAMES 4u /* a round's */
#define GRIT_M7_THREE_RESIDUAL_FRAMES 4u
#define GRIT_M7_THREE_SPREAD_FRAMES 4u

/* offset, end: bytes in the first plane from where the taps stand; the residual's: addresses of z; the spread's: where
 * the dry input ends. */
typedef struct {
  const uint32_t *weights; /* the first pair's; the residual's and the spread's: their block */
  const int32_t *dry;
  int16_t *out; /* the residual's: the stream */
  uint32_t offset, end;
  uintptr_t planes;
  const uint32_t *last; /* behind the last pair's weights */
} grit_m7_three_call_t;
typedef void grit_m7_three_t(const grit_m7_three_call_t *call);
extern grit_m7_three_t grit_m7_three_6, grit_m7_three_any, grit_m7_three_residual, grit_m7_three_spread;

/* weights: two of the first's, two of the second's; the third channel's in both. behind: bytes from the first's outputs
 * to the second's. */
extern void grit_m7_three_skip_two(int32_t *skips, const int16_t *z, const int32_t *end, uintptr_t planes,
                                   ptrdiff_t behind, uint32_t first, uint32_t second, uint32_t thirds);

/* An even number of frames, all on 4-byte boundaries in both planes. */
extern void grit_m7_three_copy(uintptr_t planes, int16_t *to, const int16_t *from, size_t frames);

/* Of kernels.h's functions of the like name, for a conv in two planes. */
size_t grit_m7_three_prepared_bytes(const grit_conv_t *conv);
void grit_m7_three_prepare(const grit_conv_t *conv);
void grit_m7_three_set_rows(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step);
void grit_m7_three_set_row(const grit_conv_t *conv, uint32_t row, const grit_row_t *from);
void grit_m7_three_use_slope(const grit_conv_t *conv);
void grit_m7_three_aim(const grit_conv_t *conv, uint32_t tap, const int16_t *at);
void grit_m7_three_aim_all(const grit_conv_t *conv, const int16_t *const *at);

#endif
