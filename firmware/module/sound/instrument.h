/* The instrument: audio in, a position to head for, audio out. */
#ifndef GRITSPACE_INSTRUMENT_H
#define GRITSPACE_INSTRUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"
#include "engine.h"
#include "sound/bends.h"
#include "sound/gate.h"
#include "sound/glide.h"
#include "sound/impulse.h"
#include "sound/pair.h"
#include "sound/snapshot_knobs.h"

typedef struct {
  grit_model_t model;
  grit_status_t status;    /* of the model; GRIT_OK does not yet mean that it fits into memory */
  grit_engine_t *engine;   /* NULL: nothing to play with */
  uint16_t position_count; /* a space's dimensions; a snapshot's four knobs, or a bend's */
  grit_glide_t glide;
  bool moved;                  /* a space's or a morph's position has, in this block */
  grit_snapshot_knobs_t knobs; /* a snapshot's, and what stands behind it */
  grit_pair_t pair;            /* what a snapshot plays together with */
  grit_impulse_t impulse;
  grit_bend_t bend;
  grit_gate_t gate;                        /* in front of all that */
  int16_t under[GRIT_LINK_POSITION_COUNT]; /* the place that a bend lies on */
  int16_t rest;                            /* what comes out of all that while it hears silence */
  size_t state_bytes;                      /* what the engines need in one piece; 0 without a good model */
} grit_instrument_t;

/* Where a model is played: the first `count` numbers of its position, the others being its default, a bend on top of it
 * with knobs of its own, and a gate in front. */
typedef struct {
  int16_t position[GRIT_LINK_POSITION_COUNT];
  size_t count;
  uint8_t bend; /* grit_bend_kind_t */
  int16_t turns[GRIT_BEND_KNOBS];
  uint8_t gate; /* dB below full scale; 0: none */
} grit_place_t;

/* Opens a model in place and starts from silence at its default position, a snapshot with its knobs in their middles.
 * False if there is nothing to play with: `status` says why, or is GRIT_OK where only the memory is too little. */
bool grit_instrument_open(grit_instrument_t *instrument, const void *blob, size_t blob_bytes,
                          const grit_engine_memory_t *memory);

/* The same, under a bend at a place of the model, its knobs in their middles. place NULL: none. The bend's state takes
 * GRIT_BEND_STATE_BYTES of the slow memory, or, where there is none, of the fast one; without room there is no bend. */
#define GRIT_BEND_STATE_BYTES ((sizeof(grit_bend_state_t) + 31u) & ~(size_t)31u)
bool grit_instrument_open_at(grit_instrument_t *instrument, const void *blob, size_t blob_bytes,
                             const grit_engine_memory_t *memory, const grit_place_t *place);

/* What the engines need where fast memory is that large, each piece a whole number of cache lines where there are two;
 * and their products a frame. Of a good model. */
grit_engine_need_t grit_instrument_need(const grit_instrument_t *instrument, size_t fast_bytes);
uint64_t grit_instrument_products(const grit_instrument_t *instrument);

/* How many numbers say where the model itself is played: a space's dimensions, a snapshot's knobs. */
size_t grit_instrument_numbers(const grit_instrument_t *instrument);

/* Where what was opened starts: position_count numbers. */
const int16_t *grit_instrument_default(const grit_instrument_t *instrument);

/* Back to silence, standing still at a position (NULL: the model's default). */
void grit_instrument_restart(grit_instrument_t *instrument, const int16_t *position);

/* What comes out where the instrument stands while it hears silence. After a restart, and before another. */
int16_t grit_instrument_rest(grit_instrument_t *instrument);

/* A few frames through all of it, both captures of a pair, too: what they cost tells whether a block may be tried. Only
 * after a restart, and before another: nothing glides, and no bend or knob is awake. */
#define GRIT_INSTRUMENT_FIRST_FRAMES 8u
void grit_instrument_try(grit_instrument_t *instrument, const int16_t *in, int16_t *out);

/* One piece of GRIT_AUDIO_FRAMES samples, as the whole block below; only a block's first piece, 0, glides. */
void grit_instrument_piece(grit_instrument_t *instrument, size_t piece, const int16_t *in, int16_t *out);

/* One block of GRIT_LINK_BLOCK_FRAMES samples in Q15; the output's full scale is 2^output_shift. Glides first. */
void grit_instrument_process(grit_instrument_t *instrument, const int16_t *in, int16_t *out);

#endif
