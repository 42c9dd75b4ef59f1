/* The audio-rate work, one kernel each. Two implementations with the same bits:
 * kernels.c (portable, the readable one) and kernels_m7.c with kernels_m7.S,
 * which an Arm core with the DSP instructions gets by itself.
 *
 * Samples are int16; frames lie behind each other, channels within a frame. All
 * frames a kernel reads in one call are contiguous: the engine cuts at ring
 * ends. A kernel works in tiles of frames: it may read a little more than it was
 * asked for, and a convolution may write up to GRIT_SLACK_FRAMES frames without
 * meaning behind it (a head of one row: 5). No other writes past a chunk of 48. */
#ifndef GRITSPACE_KERNELS_H
#define GRITSPACE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chunk.h"
#include "generated/grit_format.h"
#include "model_types.h"
#include "placement.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && !defined(GRIT_KERNELS_PORTABLE)
#define GRIT_KERNELS_M7
#endif

#define GRIT_SLACK_FRAMES 2u
#define GRIT_NO_SLOPE 32768u /* accumulators below zero meet the same multiplier as those above */

typedef enum {
  GRIT_LINEAR,      /* or a leaky ReLU, by its slope */
  GRIT_TANH,        /* through the tanh table */
  GRIT_ONTO_STREAM, /* grit_kernel_residual's */
  GRIT_LAYER,       /* tanh, then the 1x1 in the same pass (grit_pass_t) */
  GRIT_IN_LAYER     /* that 1x1 */
} grit_use_t;

typedef struct {
  const grit_convolution_t *record;
  const uint8_t *blob; /* the record's offsets count from here */
  uint32_t *prepared;  /* the weights, biases and multipliers as the kernels want
                          them */
  uint16_t slope;      /* leaky ReLU's, Q15, folded into the multiplier;
                          GRIT_NO_SLOPE: none */
  uint8_t use;         /* grit_use_t */
  uint8_t three;       /* reads and writes three channels in two planes */
} grit_conv_t;

/* Where rows' biases and multipliers come from and where they go. */
typedef struct {
  const int32_t *start_bias, *target_bias;
  const int16_t *start_multiplier, *target_multiplier;
} grit_ramp_t;

/* start + ((target - start) * step >> 2), as one sum. step: 0..GRIT_RAMP_STEPS.
 */
static inline int32_t grit_bias_at(const grit_ramp_t *ramp, uint32_t row, uint32_t step) {
  const int32_t rest = (int32_t)(GRIT_RAMP_STEPS - step);
  return (int32_t)(((int64_t)ramp->start_bias[row] * rest + (int64_t)ramp->target_bias[row] * (int32_t)step) >> 2);
}

static inline int16_t grit_multiplier_at(const grit_ramp_t *ramp, uint32_t row, uint32_t step) {
  const int32_t rest = (int32_t)(GRIT_RAMP_STEPS - step);
  return (int16_t)((ramp->start_multiplier[row] * rest + ramp->target_multiplier[row] * (int32_t)step) >> 2);
}

/* A layer's outputs and what each channel's weighs in the skip sums. */
typedef struct {
  const int16_t *z;
  const int8_t *weight;
} grit_skip_t;

/* Three channels in two planes. A network of width three comes padded to four.
 * Where nothing reads the fourth channel, its frames lie so: the first two
 * channels, four bytes a frame, in one plane; the third, two bytes a frame, in
 * the other. All first planes lie in one stretch of memory, and the second ones
 * behind it in the same order, so that an address in the first plane says where
 * the third channel stands. Skip sums keep their four words a frame. */

/* Whether the kernels have this model's layers run so. */
bool grit_three_fits(const grit_model_t *model);

/* Where the third channel stands of the frames whose first two stand at `at`. planes: the second stretch less half of
 * the first. */
static inline int16_t *grit_third(uintptr_t planes, const int16_t *at) {
  return (int16_t *)(planes + (uintptr_t)at / 2u);
}

/* As the kernels below of the like name. z, stream, to, from: in the first
 * plane, where chunks begin on 4-byte boundaries in the second one, too. */
void grit_three_convolve(const grit_conv_t *conv, uintptr_t planes, size_t first, const int32_t *dry, int16_t *out,
                         size_t frames);
void grit_three_residual(const grit_conv_t *conv, uintptr_t planes, const int16_t *z, int16_t *stream, size_t frames);
void grit_three_spread(const grit_conv_t *conv, uintptr_t planes, const int32_t *dry, int16_t *out, size_t frames);
void grit_three_shift(uintptr_t planes, int16_t *stream, const int8_t *shift, size_t frames);
void grit_three_skip_two(uintptr_t planes, int32_t *skips, const grit_skip_t *first, const grit_skip_t *second,
                         size_t frames); /* second->z NULL: the first alone */
void grit_three_copy(uintptr_t planes, int16_t *to, const int16_t *from, size_t frames);

/* Bytes of caller's memory, aligned as a pointer is, for `prepared`. */
size_t grit_kernel_prepared_bytes(const grit_conv_t *conv);

/* Lays weights and mix-in out in conv->prepared. Biases and multipliers follow
 * with grit_kernel_set_rows. */
void grit_kernel_prepare(const grit_conv_t *conv);

/* Sets bias and multiplier of every row, `step` of GRIT_RAMP_STEPS on the way;
 * what comes next uses them. */
void grit_kernel_set_rows(const grit_conv_t *conv, const grit_ramp_t *ramp, uint32_t step);

/* One row as it is from here on: weights wider than the blob's, and what goes with them. Not for a convolution that a
 * kernel takes from the blob itself (grit_kernel_takes_rows). */
typedef struct {
  const int16_t *weight; /* [kernel][inputs] */
  int16_t mixin, multiplier;
  int32_t bias;
} grit_row_t;
void grit_kernel_set_row(const grit_conv_t *conv, uint32_t row, const grit_row_t *to);

/* Whether every kernel, of whatever machine, lays weights of this shape out: not too many of them in a row for one
 * block. */
#define GRIT_MAX_ROW_WEIGHTS 256u
static inline bool grit_kernel_takes_rows(const grit_convolution_t *record) {
  const uint32_t inputs = record->inputs;
  if (record->shift > 31u || record->kernel * inputs > GRIT_MAX_ROW_WEIGHTS) return false;
  if (inputs == 1u) return record->kernel == 1u && record->rows % 2u == 0u;
  if (inputs % 2u != 0u || inputs > 16u || inputs == 10u || inputs == 14u) return false;
  return record->rows == 1u ? record->mixin == 0u : record->rows % 2u == 0u;
}

/* What accumulators below zero meet follows from conv->slope, which has moved. For a leaky ReLU's. */
void grit_kernel_use_slope(const grit_conv_t *conv);

/* From now on, what tap `tap` hears at frame 0 stands at `at`, the following
 * frames behind it. */
void grit_kernel_aim(const grit_conv_t *conv, uint32_t tap, const int16_t *at);

/* tanh's table, bent on a way of -32768..32768 from as trained: to a line that ends at 1, or, below 0, to its upper
 * half.
 */
#ifdef GRIT_KERNELS_M7
#define GRIT_TANH_LINE_WORDS 1024u
#else
#define GRIT_TANH_LINE_WORDS 512u
#endif
typedef struct {
  uint32_t words[GRIT_TANH_LINE_WORDS];
} grit_tanh_lines_t;
void grit_kernel_bend_tanh(grit_tanh_lines_t *lines, int32_t way);

/* Every tanh from here on is this one, until another is said; NULL: as trained. */
void grit_kernel_use_tanh(const grit_tanh_lines_t *lines);

/* The same for every tap but the last. */
void grit_kernel_aim_all(const grit_conv_t *conv, const int16_t *const *at);

/* out[frame][row] = requantized sum over tap[first + frame][input] * weight +
 * dry[frame] * mixin + bias, through the tanh table if that is its use. dry: a
 * sample a word. A single row lies dense: out[frame]. */
void grit_kernel_convolve(const grit_conv_t *conv, size_t first, const int32_t *dry, int16_t *out, size_t frames);

/* A whole layer in one pass: the convolution, tanh, the 1x1 (`then`) onto the stream. Of the first frame: dry; z, where
 * tanh's outputs go; base, what the 1x1 is added to; out, where the sum goes, which this layer does not hear.
 */
typedef struct {
  const grit_conv_t *then;
  const int32_t *dry;
  int16_t *z;
  const int16_t *base;
  int16_t *out;
} grit_pass_t;

/* For a conv of use GRIT_LAYER. first: as grit_kernel_convolve's. Its memory lies right in front of that of the 1x1. */
void grit_kernel_pass(const grit_conv_t *conv, size_t first, const grit_pass_t *pass, size_t frames);

/* Whether a layer runs so: few channels, whose products take no longer than what is around them. Its history slides,
 * which takes its memory twice: not too long a one. */
#define GRIT_MAX_SLIDING_FRAMES 1024u
static inline bool grit_kernel_passes(const grit_layer_t *layer) {
  const grit_convolution_t *conv = &layer->conv;
  return layer->activation == GRIT_ACTIVATION_TANH && !layer->gated && conv->kernel == 3u &&
         (conv->rows == 2u || conv->rows == 4u) && 2u * conv->dilation <= GRIT_MAX_SLIDING_FRAMES &&
         conv->shift <= 32u && layer->residual.rows != 0u && layer->residual.shift <= 32u;
}

/* out[frame][row] = requantized dry[frame] * weight + bias: the first array's
 * rechannel, from one input. */
void grit_kernel_spread(const grit_conv_t *conv, const int32_t *dry, int16_t *out, size_t frames);

/* to[frame][channel] = (from + half) >> shift[channel]. shift: 0..15. to may be from, but not overlap it otherwise. */
void grit_kernel_shift(int16_t *to, const int16_t *from, const int8_t *shift, size_t channels, size_t frames);

/* stream = saturated stream + 1x1 of z. stream, z: [frame][channel]. */
void grit_kernel_residual(const grit_conv_t *conv, const int16_t *z, int16_t *stream, size_t frames);

/* skips[frame][channel] += z * weight[channel]. weight: 0..64. */
void grit_kernel_skip(int32_t *skips, const int16_t *z, const int8_t *weight, size_t channels, size_t frames);

/* skips = 0, `count` of them and perhaps more, up to a chunk's. */
void grit_kernel_clear(int32_t *skips, size_t count);

/* Two layers' outputs at once: the sums are read and written once. */
void grit_kernel_skip_two(int32_t *skips, const grit_skip_t *first, const grit_skip_t *second, size_t channels,
                          size_t frames);

/* An array of few and narrow layers keeps what they put out, each in a slot of its own, until all have: then the sums
 * are made at once and need no memory. A slot has room for a chunk and for what tiles write behind it. weights: of the
 * first two channels a pair a slot, then of the next two, and so on. count: even, at least 4. */
#define GRIT_SLOT_FRAMES 52u
typedef struct {
  int16_t *z; /* [slot][frame][channel] */
  int16_t *weights;
  uint32_t count; /* 0: the sums are in memory */
} grit_slots_t;

/* out[frame][channel] = saturated (sum over slots of z * weight, + half) >> shift. shift: 2..GRIT_MAX_SKIP_SHIFT. */
void grit_kernel_gather(const grit_slots_t *slots, uint32_t shift, int16_t *out, size_t channels, size_t frames);

/* out = saturated (skips + half) >> shift. */
void grit_kernel_narrow(const int32_t *skips, uint32_t shift, int16_t *out, size_t count);

/* samples: an even number, both ends on 4-byte boundaries. They may overlap if
 * `to` comes first. */
void grit_kernel_copy(int16_t *to, const int16_t *from, size_t samples);

/* Tables, in place. */
void grit_kernel_tanh(int16_t *x, size_t count);
void grit_kernel_sigmoid(int16_t *x, size_t count);

/* z[frame][c] = pre[frame][c] * pre[frame][channels + c] in Q15. */
void grit_kernel_gate(const int16_t *pre, int16_t *z, size_t channels, size_t frames);

#endif
