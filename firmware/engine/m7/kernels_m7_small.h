/* What makes small networks fast on the Cortex-M7: what kernels_m7_small.c and kernels_m7_small.S share, and what
 * kernels_m7.c hands on.
 *
 * A layer's memory, words of 32 bits, behind one whose first byte is GRIT_M7_LAYER_FORM: grit_m7_layer_t; bias of each
 * output; mix-in weights, a half each; per tap where its audio stands and, for each pair of inputs, for each output two
 * weights; multiplier of each output. Then the 1x1's, behind such a word of its own: biases, weights, multipliers. */
#ifndef GRITSPACE_KERNELS_M7_SMALL_H
#define GRITSPACE_KERNELS_M7_SMALL_H

#include "kernels.h"

/* Two channels of all slots (kernels.h), by three frames up to `end`. */
typedef struct {
  const int16_t *z;       /* of slot 0 */
  const int16_t *weights; /* two a slot */
  const int16_t *end;     /* of z */
  int16_t *out;
  const int16_t *last; /* behind the weights */
  int32_t factor;      /* 2^(32 - shift) */
  uint32_t frame_bytes, slot_bytes;
} grit_m7_gather_t;
extern void grit_m7_gather(const grit_m7_gather_t *call);
#define GRIT_M7_GATHER_FRAMES 3u

/* Two outputs from one input; two channels shifted, by multipliers 2^(30 - shift). stride: bytes from frame to frame.
 * block: blocks_m7.h's. */
#define GRIT_M7_SPREAD_FRAMES 3u
extern void grit_m7_spread(const uint32_t *block, const int32_t *dry, int16_t *out, const int32_t *end,
                           uint32_t stride);
#define GRIT_M7_SHIFT_FRAMES 6u
extern void grit_m7_shift(int16_t *to, const int16_t *from, const int16_t *end, int32_t low, int32_t high,
                          uint32_t stride);

#define GRIT_M7_LAYER_FORM 5u /* beside kernels_m7.c's forms */
#define GRIT_M7_LAYER_FRAMES 3u

typedef struct {
  uint32_t end; /* bytes from where the taps stand, in whole tiles */
  uint32_t dry, z, base, out;
  const uint32_t *tanh_tables;
  uint32_t spill[3];
} grit_m7_layer_t;
extern void grit_m7_layer_2(grit_m7_layer_t *layer, uint32_t offset);
extern void grit_m7_layer_4(grit_m7_layer_t *layer, uint32_t offset);

/* Of kernels.h's functions of the like name, for a layer's conv or the 1x1 behind it. */
size_t grit_m7_layer_prepared_bytes(const grit_conv_t *conv);
void grit_m7_layer_prepare(const grit_conv_t *conv);
void grit_m7_layer_set_rows(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step);
void grit_m7_layer_set_row(const grit_conv_t *conv, uint32_t row, const grit_row_t *from);
void grit_m7_layer_aim(const grit_conv_t *conv, uint32_t tap, const int16_t *at);

#endif
