/* Two snapshots of one shape and of common scales in one engine: each weight is on its way from the one to the other,
 * and beyond either. What plays is one network, at one network's price.
 *
 *   t = way / 256; a row's weight = (1 - t) first's + t second's, times 2^down over both ones' multipliers
 *
 * so that a row's multiplier is a power of two, and its weights have as many bits as its sum allows at that way: what
 * is rounded here is finer than the int8 weights that both come with. A moving way takes a few rows in each block, one
 * after the other and round again, each to the latest way: no block pays for more, and no block's jump is larger than
 * those few rows'. */
#ifndef GRITSPACE_MORPH_H
#define GRITSPACE_MORPH_H

#include <stdint.h>

#include "engine.h"

#define GRIT_MORPH_ONE 256      /* the second, at all; 0: the first */
#define GRIT_MORPH_LEAST (-77)  /* -0.3 */
#define GRIT_MORPH_MOST 333     /* 1.3 */
#define GRIT_MORPH_WEIGHTS 192u /* a block; of a row with more, that row alone */

typedef struct {
  grit_engine_t *engine;
  const grit_model_t *second;
  int32_t way;
  uint32_t rows, rows_left;  /* all; that are not yet there */
  uint32_t convolution, row; /* the next one */
} grit_morph_t;

/* Whether two good snapshots make a morph: GRIT_OK; GRIT_ERROR_UNSUPPORTED if they are not of one shape and scale, or
 * of one that no kernel takes rows of; GRIT_ERROR_OVERFLOW if a row would outgrow its accumulator somewhere. */
grit_status_t grit_morph_check(const grit_model_t *first, const grit_model_t *second);

/* engine: of the first. Both models must stay. */
void grit_morph_open(grit_morph_t *morph, grit_engine_t *engine, const grit_model_t *second, int32_t way);

/* At a way at once, all rows. The engine's state is what it was: reset it, if silence is to be that way's. */
void grit_morph_place(grit_morph_t *morph, int32_t way);

/* A block's share of the way to a way. Nothing is done once it is there. */
void grit_morph_step(grit_morph_t *morph, int32_t way);

#endif
