/* Bends: what leaves the region where amplifiers sound. One of them lies on top of a snapshot, or of a space at a
 * place, and has the four knobs while it does.
 *
 *           slope                 hold                    feedback              rate
 *   first   of the first array    frames that it stands   gain, to ±.95         the network at 1/1 to 1/6
 *   second  of those behind it    behind which layer      48 to 4,800 frames    from steps to lines
 *   third   level into it         how much of it          dark, or thin         at random
 *   fourth  bias into it          at random               times the input       fewer bits
 *
 * With the first knob in its middle (slope: all four) the network sounds as it is, to the bit. The level behind holds
 * the loudness (bend_level.h), all of it from an eighth of the way on. Integers only; the readable twin is
 * host_tools/sound/bends.py.
 */
#ifndef GRITSPACE_BENDS_H
#define GRITSPACE_BENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"
#include "bend.h"
#include "engine.h"
#include "sound/bend_feedback.h"
#include "sound/bend_level.h"
#include "sound/bend_rate.h"

#define GRIT_BEND_KNOBS 4u

typedef enum {
  GRIT_BEND_NONE,
  GRIT_BEND_SLOPE,
  GRIT_BEND_HOLD,
  GRIT_BEND_FEEDBACK,
  GRIT_BEND_RATE,
  GRIT_BENDS
} grit_bend_kind_t;

/* What a bend remembers: as large as an engine's smaller histories, and so in their memory. */
typedef union {
  grit_slopes_t slopes;
  grit_hold_t hold;
  grit_feedback_t feedback;
  grit_rate_t rate;
} grit_bend_state_t;

typedef struct {
  uint8_t kind; /* grit_bend_kind_t */
  bool awake;   /* a knob is out of its middle, or was in the block before */
  bool moved;
  int16_t rest; /* what the network makes of silence */
  grit_bend_level_t level;
  int32_t ways[GRIT_BEND_KNOBS]; /* in this block */
  int32_t level_from, level_to;  /* Q16 */
  int32_t about_from, about_to;  /* the offset that is not leveled, Q8 of a sample */
  uint32_t holdable;
  grit_bend_state_t *as;
} grit_bend_t;

/* For a model; its curve, if its file has one. state: stays; NULL: no bend. */
void grit_bend_open(grit_bend_t *bend, uint8_t kind, const grit_model_t *model, grit_bend_state_t *state);

/* The network is as trained again. Before it is reset. */
void grit_bend_release(grit_bend_t *bend, grit_engine_t *engine);

/* After silence, standing still where the knobs are. rest: what the network makes of silence. After release. */
void grit_bend_restart(grit_bend_t *bend, const int16_t turns[GRIT_BEND_KNOBS], int16_t rest);

/* Begins a block of GRIT_LINK_BLOCK_FRAMES with the knobs somewhere. */
void grit_bend_begin(grit_bend_t *bend, grit_engine_t *engine, const int16_t turns[GRIT_BEND_KNOBS]);

/* The block's next frames, from `first` on, through the bent network. in may be out. */
void grit_bend_process(grit_bend_t *bend, grit_engine_t *engine, const int16_t *in, int16_t *out, size_t first,
                       size_t frames);

#endif
