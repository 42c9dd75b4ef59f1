/* Generated from quantize/grit_layout.py by `python -m gritspace.quantize.grit_layout`; do not edit.
 *
 * The .grit file: little-endian; offsets count from the first byte and are multiples of 4. */
/* clang-format off */
#ifndef GRITSPACE_GRIT_FORMAT_H
#define GRITSPACE_GRIT_FORMAT_H

#include <stdint.h>

#define GRIT_MAGIC 0x54495247u /* 'GRIT' in the file's first four bytes */
#define GRIT_VERSION 1u /* changes whenever a record does */
#define GRIT_MAX_POSITION 16u /* numbers in a position */
#define GRIT_MAX_CHANNELS 32u /* width of a layer array */
#define GRIT_MAX_ARRAYS 4u /* layer arrays in a model */
#define GRIT_MAX_LAYERS 64u /* layers in a model */
#define GRIT_MAX_KERNEL 64u /* taps of a convolution */
#define GRIT_MAX_DILATION 16384u /* frames between taps */
#define GRIT_MAX_HIDDEN 64u /* units of the FiLM's hidden layer */
#define GRIT_MIN_SHIFT 17u /* below it SMLAWB and a shift are not the requantization rule */
#define GRIT_MAX_SHIFT 46u /* TensorFlow Lite's limit */
#define GRIT_MAX_SKIP_SHIFT 20u /* bits a skip sum loses on its way to int16 */

typedef struct {
  uint16_t rows; /* outputs; 0: this convolution is not there */
  uint16_t inputs; /* channels read */
  uint16_t kernel; /* taps, oldest first */
  uint16_t dilation; /* frames between taps */
  uint16_t shift; /* of the requantization, GRIT_MIN_SHIFT..GRIT_MAX_SHIFT */
  uint16_t reserved; /* 0 */
  uint32_t weight; /* offset of int8 [rows][kernel][inputs] */
  uint32_t mixin; /* offset of int8 [rows], the dry input's weights; 0: none */
  uint32_t bias; /* offset of int32 [rows] */
  uint32_t multiplier; /* offset of int16 [rows], 0..32767 */
} grit_convolution_t;
_Static_assert(sizeof(grit_convolution_t) == 28, "grit_convolution_t");

typedef struct {
  grit_convolution_t conv; /* the dilated convolution; film rows */
  grit_convolution_t residual; /* 1x1 into the residual stream; rows 0 where nothing reads it */
  uint8_t activation; /* 0 linear (saturating), 1 leaky ReLU, 2 tanh, 3 sigmoid */
  uint8_t gated; /* 1: the second half of the rows is a sigmoid gate */
  int16_t slope_q15; /* leaky ReLU's slope, 0..32767; 0 is ReLU */
  uint32_t skip_weight; /* offset of int8 [channels]: 1..64 */
  uint32_t stream_shift; /* offset of int8 [channels], 0..15: shifts the stream down; 0: none */
} grit_layer_t;
_Static_assert(sizeof(grit_layer_t) == 68, "grit_layer_t");

typedef struct {
  uint16_t channels; /* width of the residual stream, even */
  uint16_t first_layer; /* index into the layer records */
  uint16_t layer_count; /* at least 1 */
  uint16_t skip_shift; /* 0..GRIT_MAX_SKIP_SHIFT */
  uint32_t carry_weight; /* offset of int8 [channels]; 0 in the first array */
  grit_convolution_t rechannel; /* 1x1 from the array's input, kernel 1, no mix-in */
  grit_convolution_t head; /* reads the skip sum; in the last array 1 row, a film row */
} grit_array_t;
_Static_assert(sizeof(grit_array_t) == 68, "grit_array_t");

typedef struct {
  uint16_t rows; /* outputs */
  uint16_t inputs; /* inputs */
  uint32_t weight; /* offset of int16 [rows][inputs] */
  uint32_t bias; /* offset of int32 [rows] */
  uint32_t shift; /* offset of uint8 [rows], 0..30 */
} grit_dense_t;
_Static_assert(sizeof(grit_dense_t) == 16, "grit_dense_t");

typedef struct {
  grit_dense_t hidden; /* position (Q15) -> tanh's input */
  grit_dense_t gain; /* hidden (Q15) -> log2 gain (Q12) of every film row */
  grit_dense_t bias; /* hidden (Q15) -> bias of every film row, in its accumulator's unit */
} grit_film_t;
_Static_assert(sizeof(grit_film_t) == 48, "grit_film_t");

typedef struct {
  uint32_t magic; /* GRIT_MAGIC */
  uint16_t version; /* GRIT_VERSION */
  uint16_t header_bytes; /* size of this record */
  uint32_t total_bytes; /* size of the file */
  uint32_t crc32; /* of everything after this field */
  uint8_t name[32]; /* UTF-8, zero-padded, at least one zero */
  uint32_t sample_rate; /* Hz */
  uint32_t receptive_field; /* frames one output frame depends on */
  uint32_t macs_per_frame; /* at audio rate */
  uint16_t position_count; /* numbers in a position, 0..GRIT_MAX_POSITION; 0: a snapshot */
  uint16_t array_count; /* 1..GRIT_MAX_ARRAYS */
  uint16_t layer_count; /* 1..GRIT_MAX_LAYERS */
  uint16_t film_rows; /* rows a position bends: all layer convolutions', then the last head's */
  uint16_t output_shift; /* output full scale is 2^output_shift, 0..15 */
  uint16_t trim_q12; /* level that it matches other models in loudness at; 4096 is 1, 0: not known */
  uint32_t arrays; /* offset of the array records */
  uint32_t layers; /* offset of the layer records */
  uint32_t film; /* offset of the film record; 0: a snapshot */
  uint32_t metadata; /* offset of UTF-8 JSON; the engine does not read it */
  uint32_t metadata_bytes; /* its size */
  int16_t default_position[16]; /* Q15 */
} grit_header_t;
_Static_assert(sizeof(grit_header_t) == 124, "grit_header_t");

#endif
