/* An impulse response behind a model: the cabinet, the room. A convolution of up to 1,024 frames, in the model's own
 * file, int16 taps and int32 sums that cannot overflow, two products at a time. */
#ifndef GRITSPACE_IMPULSE_H
#define GRITSPACE_IMPULSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"
#include "generated/grit_format.h"

#define GRIT_IMPULSE_MOST 1024u /* frames */

typedef struct {
  const int16_t *taps;                                      /* the oldest first */
  uint32_t count;                                           /* by eights; 0: none, and then nothing is done */
  uint32_t shift;                                           /* of a sum */
  int16_t line[GRIT_IMPULSE_MOST + GRIT_LINK_BLOCK_FRAMES]; /* the last `count` frames, then those that come */
} grit_impulse_t;

/* The one that a model's file brings, or none: also where it points outside, or could overflow. blob: checked. */
void grit_impulse_open(grit_impulse_t *impulse, const uint8_t *blob, const grit_header_t *header);

/* As if `sample` had been heard for ever. Returns what comes out then. */
int16_t grit_impulse_restart(grit_impulse_t *impulse, int16_t sample);

/* In place. frames: a multiple of 4, at most a block. */
void grit_impulse_process(grit_impulse_t *impulse, int16_t *samples, size_t frames);

#endif
