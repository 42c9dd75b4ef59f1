/* Bending a network while it runs: what its activations do, and a stream that stands still.
 *
 * slopes: a tanh goes from as trained to linear (to the right) or loses its lower half (to the left); a leaky ReLU
 * becomes linear, or a ReLU. The first array has a way of its own, all behind it share the other.
 *
 * hold: the stream behind one layer is taken once in so many frames, and stands until the next time. What is held fades
 * on the way where the length says so. */
#ifndef GRITSPACE_BEND_H
#define GRITSPACE_BEND_H

#include <stdint.h>

#include "kernels.h"
#include "model_types.h"

struct grit_engine;

#define GRIT_BENT_ARRAYS 2u
#define GRIT_WAY_MOST 32768 /* to either side */

typedef struct grit_slopes {
  grit_tanh_lines_t lines[GRIT_BENT_ARRAYS];
  int32_t ways[GRIT_BENT_ARRAYS];
} grit_slopes_t;

typedef struct grit_hold {
  uint32_t layer;                        /* whose stream; one that nothing reads holds nothing */
  uint32_t length;                       /* frames from take to take, 1..1024 */
  uint32_t spread;                       /* that a length is longer at most, at random: Q15 of it, 0..32768 */
  int32_t mix;                           /* Q15 of what is held, the rest of what is not: 0..49151 */
  uint32_t fades;                        /* 1: what is held falls to nothing until the next take */
  uint32_t left, taken, noise, taken_of; /* taken_of: the layer; another one begins with a take */
  int16_t held[GRIT_MAX_CHANNELS];
} grit_hold_t;

/* Zeros are as trained. Before the frames that come next; what has not moved costs nothing. ways: -GRIT_WAY_MOST to
 * GRIT_WAY_MOST. slopes must stay while any of its ways is not 0. */
void grit_engine_bend_slopes(struct grit_engine *engine, grit_slopes_t *slopes, const int32_t ways[GRIT_BENT_ARRAYS]);

/* NULL: nothing is held. hold must stay; zeros, but for its settings, begin with a take. */
void grit_engine_hold(struct grit_engine *engine, grit_hold_t *hold);

/* Layers whose stream can be held: those before the last. */
uint32_t grit_engine_holdable(const grit_model_t *model);

/* The engine's own: a chunk's stream behind the held layer. planes: kernels.h. */
void grit_hold_stream(grit_hold_t *hold, int16_t *stream, uint32_t channels, uint32_t frames, uintptr_t planes);

#endif
