/* The network at a sixth of the rate or more: what it hears is taken once in so many frames, and what it puts out
 * stands until the next, or runs there in a straight line. */
#ifndef GRITSPACE_BEND_RATE_H
#define GRITSPACE_BEND_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"
#include "engine.h"

typedef struct {
  int32_t rate;           /* frames from take to take, Q16: 1 to 6 */
  int32_t lines;          /* 0: steps, 32768: lines */
  int32_t spread;         /* that a step is longer at most, at random: Q15 of what it is longer than a frame */
  int32_t grain;          /* of what the network hears, 1..1024 */
  int32_t averaged;       /* 1: of all frames since the last take; 0: only the newest */
  int32_t phase, step;    /* Q16: since the last take; until the next */
  int32_t sum, count;     /* of these frames */
  int32_t before, newest; /* the network's last two outputs */
  int32_t since;          /* frames, with its own, since the newest */
  uint32_t noise;
} grit_rate_t;

/* ways: -32768..32768. */
void grit_rate_aim(grit_rate_t *rate, const int32_t ways[4]);

/* Begins anew, as if `sample` had come out last. */
void grit_rate_wake(grit_rate_t *rate, int16_t sample);

/* frames: at most a block. in may be out. */
void grit_rate_process(grit_rate_t *rate, grit_engine_t *engine, const int16_t *in, int16_t *out, size_t frames);

#endif
