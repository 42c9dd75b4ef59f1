/* The loop: audio from the link to the converter, and back what the converter hears, block for block. The main loop
 * fills and takes, the audio interrupt plays and hears. */
#ifndef GRITSPACE_LOOP_H
#define GRITSPACE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"

#define GRIT_LOOP_BLOCKS 64u /* of room, each way */
#define GRIT_LOOP_KEPT 60u   /* blocks heard that can be asked for: the oldest may be written over meanwhile */
#define GRIT_LOOP_START 32u  /* blocks that must wait before the first is played */

typedef struct {
  volatile bool running;
  volatile uint32_t next;   /* blocks taken; written by the main loop */
  volatile uint32_t played; /* of them; written by the audio interrupt */
  volatile uint32_t late;   /* blocks in which there was nothing to play */
  bool holds, sounds;       /* the audio interrupt's, of the block under way: it is the loop's; it is not a gap */
  int16_t out[GRIT_LOOP_BLOCKS][GRIT_LINK_BLOCK_FRAMES];
  int16_t in[GRIT_LOOP_BLOCKS][GRIT_LINK_BLOCK_FRAMES];
} grit_loop_t;

/* Stops, and forgets. */
void grit_loop_stop(grit_loop_t *loop);

/* One more block to play: samples, GRIT_LINK_BLOCK_FRAMES of them, of any alignment. False if there is no room. */
bool grit_loop_put(grit_loop_t *loop, const uint8_t *samples);

/* A block that was heard, or NULL if it was not yet, or is no longer kept. */
const int16_t *grit_loop_heard(const grit_loop_t *loop, uint32_t block);

/* From the audio interrupt. False, and nothing done, if the loop does not run: it begins with a whole block. out may be
 * in. piece: which one of the block. */
bool grit_loop_audio(grit_loop_t *loop, size_t piece, const int16_t *const in[2], int16_t *const out[2]);

#endif
