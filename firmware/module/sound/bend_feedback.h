/* What came out of the network goes into it again: a line of 48 to 4,800 frames around it. */
#ifndef GRITSPACE_BEND_FEEDBACK_H
#define GRITSPACE_BEND_FEEDBACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"

#define GRIT_FEEDBACK_FRAMES 4864u /* the longest delay, a frame to interpolate with, and the piece under way */

typedef struct {
  int32_t gain_from, gain_to;   /* Q15 */
  int32_t delay_from, delay_to; /* Q8 of a frame */
  int32_t colour, times;        /* the third and the fourth knob's way */
  int32_t low;                  /* Q8 of a sample */
  uint32_t at;                  /* where the next frame goes */
  int16_t line[GRIT_FEEDBACK_FRAMES];
} grit_feedback_t;

/* Where gain and delay go in the block that begins. ways: -32768..32768. */
void grit_feedback_aim(grit_feedback_t *feedback, const int32_t ways[4]);

/* What the network is to hear of frames `first` on of the block. */
void grit_feedback_input(grit_feedback_t *feedback, const int16_t *in, int16_t *heard, size_t first, size_t frames);

/* What it made of them. rest: what it makes of silence, which does not go round. */
void grit_feedback_keep(grit_feedback_t *feedback, const int16_t *played, int16_t rest, size_t frames);

#endif
