/* What holds the loudness of a bend: how loud the network comes out is compared with how loud it would, unbent, come
 * out of what goes in, and the difference is taken away, slowly. The latter is known from a curve that was measured
 * when the model was made; without one nothing is held.
 *
 * Both are heard alike: power over 16 ms, without what is below 40 Hz, treble a little louder, as by BS.1770; its peaks
 * fade in 64 ms. What is too loud is met within 8 ms, what is too quiet raised within 32. While next to nothing goes in
 * the level stays, so that what rings on rings out. An offset is no sound, and is not raised. All of it goes from block
 * to block. Integers only; the
 * readable twin is host_tools/sound/bend_level.py. */
#ifndef GRITSPACE_BEND_LEVEL_H
#define GRITSPACE_BEND_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "generated/grit_format.h"

#define GRIT_BEND_LEVEL_STEP 16u /* frames between whose first and last treble is heard */

/* One side's. */
typedef struct {
  int64_t squares, bright; /* of the block under way */
  int32_t sum;
  int32_t bass, mean;  /* below 40 and 5 Hz, Q8 of a sample */
  int64_t power, held; /* Q8 of a block's sum of squares */
  bool begun;
} grit_loudness_t;

typedef struct {
  bool known;
  int8_t curve[GRIT_BEND_CURVE];
  grit_loudness_t in, out;
  int32_t correction; /* log2 in Q16 */
} grit_bend_level_t;

/* Nothing was heard yet. */
void grit_bend_level_restart(grit_bend_level_t *level);

/* More of the block that goes in (`level->in`) or comes out (`level->out`). frames: a multiple of
 * GRIT_BEND_LEVEL_STEP. */
void grit_loudness_hear(grit_loudness_t *loudness, const int16_t *samples, int16_t rest, size_t frames);

/* The block is over: what the level goes to, log2 in Q16. */
int32_t grit_bend_level_end(grit_bend_level_t *level);

#endif
