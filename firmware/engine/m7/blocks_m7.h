/* What kernels_m7.c and kernels_m7.S share: the tiles, and the blocks of memory
 * they work from.
 *
 * A block holds two outputs (a head's: one) of a convolution, in the order the
 * tile reads it; words of 32 bits:
 *
 *   bias of each output; mix-in weights, one int16 half each
 *   per tap: where its audio stands; for each pair of inputs, for each output: two weights as int16
 *   where the tile does not know how many taps there are: an odd address that may be read, which ends its loop
 *   multiplier of each output, moved up by 32 - shift; with a slope: what to add to it below zero, of each output
 *
 * A residual's has no mix-in, and no place of its audio. A tile reads a little ahead of what it uses, behind the last
 * tap as well. */
#ifndef GRITSPACE_BLOCKS_M7_H
#define GRITSPACE_BLOCKS_M7_H

#include <stddef.h>
#include <stdint.h>

#define GRIT_M7_TILE_FRAMES 3u
#define GRIT_M7_HEAD_FRAMES 6u
#define GRIT_M7_MAX_INPUTS 16u /* the widest tile in kernels_m7.S */

/* One call: all of a convolution's blocks over a stretch of frames. The tiles
 * use it up. */
typedef struct {
  uint32_t *weights;    /* of the first block, behind its mix-in weights */
  const int32_t *dry;   /* a word a frame */
  int16_t *out;         /* the residual's: the stream */
  uint32_t offset, end; /* bytes from where the taps stand, in whole tiles; the
                           residual's: addresses of z */
  uint32_t blocks, block_bytes;
  uint32_t stride; /* bytes from frame to frame of out, where that is not what
                      it is from frame to frame of the audio */
} grit_m7_call_t;
typedef void grit_m7_tiles_t(grit_m7_call_t *call, const uint32_t *tanh_tables);

/* Two channels down the frames, up to `end` by GRIT_M7_COLUMN_FRAMES. skip: +=
 * z * weight (two int16 halves). */
#define GRIT_M7_COLUMN_FRAMES 6u
typedef void grit_m7_skip_t(int32_t *skips, const int16_t *z, const int32_t *end, uint32_t weight);
typedef void grit_m7_skip_two_t(int32_t *skips, const int16_t *z, const int32_t *end, uint32_t weights,
                                ptrdiff_t second_behind_first, uint32_t second_weights);

/* factor: 2^(32 - shift). */
#define GRIT_M7_NARROW_SAMPLES 6u
extern void grit_m7_narrow(const int32_t *skips, int32_t factor, int16_t *out, const int16_t *end);

#define GRIT_M7_COPY_WORDS 8u
extern void grit_m7_copy(uint32_t *to, const uint32_t *from, const uint32_t *end);
extern void grit_m7_zero(int32_t *to, const int32_t *end);

/* tanh in 512 straight lines: where they are at zero, then their slopes. */
extern const uint32_t grit_m7_tanh_tables[1024];
extern const uint32_t *grit_m7_tanh_now; /* those, or bent ones; indexed from -256 */

#define GRIT_M7_EACH_WIDTH(DO) DO(2) DO(4) DO(6) DO(8) DO(10) DO(12) DO(14) DO(16)
/* Those whose tiles are compiled in. A board short of flash leaves out the
 * widths that no known family of networks has (13 KB); they then run in plain
 * C. */
#ifdef GRIT_M7_COMMON_WIDTHS
#define GRIT_M7_EACH_TILED_WIDTH(DO) DO(2) DO(4) DO(6) DO(8) DO(12) DO(16)
#else
#define GRIT_M7_EACH_TILED_WIDTH(DO) GRIT_M7_EACH_WIDTH(DO)
#endif
#define GRIT_M7_DECLARE(WIDTH)                                                                        \
  extern grit_m7_tiles_t grit_m7_convolve_linear_##WIDTH##_any, grit_m7_convolve_leaky_##WIDTH##_any, \
      grit_m7_convolve_tanh_##WIDTH##_any, grit_m7_residual_##WIDTH, grit_m7_head_##WIDTH;            \
  extern grit_m7_skip_t grit_m7_skip_##WIDTH;                                                         \
  extern grit_m7_skip_two_t grit_m7_skip_two_##WIDTH;
GRIT_M7_EACH_WIDTH(GRIT_M7_DECLARE)
/* For an exact number of taps: Neural Amp Modeler's A2
 * and A1 networks. */
extern grit_m7_tiles_t grit_m7_convolve_leaky_8_15, grit_m7_convolve_leaky_4_6, grit_m7_convolve_leaky_8_6,
    grit_m7_convolve_tanh_2_3, grit_m7_convolve_tanh_4_3, grit_m7_convolve_tanh_6_3, grit_m7_convolve_tanh_8_3,
    grit_m7_convolve_tanh_12_3, grit_m7_convolve_tanh_16_3;
/* Of one tap without mix-in: what leads from array to array in A1 networks. */
extern grit_m7_tiles_t grit_m7_once_4, grit_m7_once_8, grit_m7_once_16;

#endif
