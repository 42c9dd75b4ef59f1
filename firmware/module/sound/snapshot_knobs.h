/* The four knobs of a snapshot: what drive, tone, symmetry and dynamics do around a network that has no position.
 *
 *   in ── drive ── soft ──► network ── dry ── symmetry ── no DC ── tilt ── level ──► out
 *    └──────────── envelope ──────────────┘─────┴── envelope ─────────────────┘
 *
 * drive: the level into the network. Where the capture was fitted so, because that alone does not do what drive is
 * named for: to the left, what comes in is added to what comes out; to the right, what comes out is tilted up.
 * symmetry: of the two halves of the wave. tone: a tilt about the capture's own centroid. dynamics, to the left: the
 * level follows the envelope of what comes in; to the right: it goes against the envelope of what goes out. The level
 * also holds the loudness along each knob's turn, by what was measured when the model was made. In the knobs' middles
 * all of this leaves the snapshot exactly as it is, and costs nothing.
 *
 * Factors run in straight lines from block to block, the level in thirds of a block. Integers only; the readable twin,
 * to the bit, is host_tools/sound/snapshot_knobs.py. */
#ifndef GRITSPACE_SNAPSHOT_KNOBS_H
#define GRITSPACE_SNAPSHOT_KNOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"
#include "generated/grit_format.h"

#define GRIT_SNAPSHOT_KNOBS 4u
/* A knob within 1 % of its middle, to either side, is there. */
#define GRIT_SNAPSHOT_MARGIN 655
#define GRIT_SNAPSHOT_STEP 16u /* frames, in which the level goes in a straight line */

typedef enum {
  GRIT_SNAPSHOT_GAIN,    /* into the network, Q16 */
  GRIT_SNAPSHOT_SOFT,    /* how much of a soft clip there is in front of it, Q16 */
  GRIT_SNAPSHOT_UNEVEN,  /* how much the halves of the wave differ, Q16 */
  GRIT_SNAPSHOT_BLOCKED, /* how much of the offset is taken away, Q14 */
  GRIT_SNAPSHOT_LOW,     /* below the pivot, Q16 */
  GRIT_SNAPSHOT_HIGH,    /* above it, Q16 */
  GRIT_SNAPSHOT_DRY,     /* of what comes in, beside the network, Q16 */
  GRIT_SNAPSHOT_FACTORS
} grit_snapshot_factor_t;

typedef struct {
  grit_knob_fit_t fit;
  bool level_only;                                                   /* of drive, whose knob has another meaning */
  int16_t rest;                                                      /* what the network makes of silence */
  bool moved;                                                        /* a knob is not in its middle */
  bool awake;                                                        /* that is so, or was in the block before */
  int32_t now[GRIT_SNAPSHOT_FACTORS];                                /* at the block's end */
  int32_t from[GRIT_SNAPSHOT_FACTORS];                               /* before the next frame; 8 more fractional bits */
  int32_t step[GRIT_SNAPSHOT_FACTORS];                               /* a frame, the same */
  int32_t held_from, held_to, dynamics_from, dynamics_to;            /* in this block: log2 in Q16; -32768..32768 */
  int32_t level;                                                     /* at the last step's end, Q16 */
  int32_t envelope_in, envelope_out;                                 /* Q8 of a sample */
  int32_t envelopes_in[GRIT_LINK_BLOCK_FRAMES / GRIT_SNAPSHOT_STEP]; /* by step, of the piece under way */
  int16_t dry[GRIT_LINK_BLOCK_FRAMES];                               /* what came in, of the block under way */
  int32_t mean, low;                                                 /* of what comes out, Q12 of a sample */
} grit_snapshot_knobs_t;

/* A turn's way from the middle, -32768..32768, without the margin around it. */
int32_t grit_snapshot_way(int16_t turn);

/* The level that holds the loudness at a place of a knob's turn, log2 in Q16. levels: those to the knob's left, from
 * left to right, then those to its right, `points` on either side. */
int32_t grit_snapshot_level(const int8_t *levels, int32_t points, int32_t way);

/* What a snapshot's file says its knobs were fitted to. */
void grit_snapshot_knobs_open(grit_snapshot_knobs_t *knobs, const grit_header_t *header);

/* After silence, standing still at a position. rest: what the network makes of silence. */
void grit_snapshot_knobs_restart(grit_snapshot_knobs_t *knobs, const int16_t position[GRIT_SNAPSHOT_KNOBS],
                                 int16_t rest);

/* Begins a block of GRIT_LINK_BLOCK_FRAMES at a position. Before the other two. */
void grit_snapshot_knobs_begin(grit_snapshot_knobs_t *knobs, const int16_t position[GRIT_SNAPSHOT_KNOBS]);

/* The block's next frames, from `first` on -> what the network hears of them. first, frames: multiples of
 * GRIT_SNAPSHOT_STEP, within a block. Returns `in` where nothing has to be done. */
const int16_t *grit_snapshot_knobs_input(grit_snapshot_knobs_t *knobs, const int16_t *in, int16_t *heard, size_t first,
                                         size_t frames);

/* What the network made of them, in place. After grit_snapshot_knobs_input for the same frames. */
void grit_snapshot_knobs_output(grit_snapshot_knobs_t *knobs, int16_t *samples, size_t first, size_t frames);

#endif
