/* Two captures in one voice, out of one file: in series, a pedal into an amplifier, or faded into each other by the
 * first knob, which then stands for that instead of drive. Each is heard about what it makes of silence. The readable
 * twin, to the bit, is host_tools/sound/pair.py.
 *
 *   series      ── first ── balance ── clip ── second ──
 *   crossfade   ─┬─ first ───────────── 1 - t ─┬─
 *                └─ second ── balance ─── t ───┘
 *
 * Or both are one network (engine/morph.h), whose weights the first knob moves from the first's to the second's, and as
 * far again as three tenths of that way beyond either. */
#ifndef GRITSPACE_PAIR_H
#define GRITSPACE_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"
#include "engine.h"
#include "morph.h"

typedef struct {
  uint8_t kind;          /* GRIT_PAIR_SERIES .. GRIT_PAIR_MORPH; 0: there is one capture, and nothing is done */
  grit_model_t model;    /* the second's */
  grit_engine_t *engine; /* of it; NULL: a morph has the first's */
  grit_morph_t morph;
  int16_t rest_first, rest_second;  /* what they make of silence */
  uint32_t first_down, second_down; /* crossfade: shifts to the pair's full scale */
  int32_t balance;                  /* Q12; in series with the first one's full scale */
  int32_t share_from, share_to;     /* of the second, in this block, Q15 */
} grit_pair_t;

/* What a snapshot's file says. Not GRIT_OK: of its second capture. */
grit_status_t grit_pair_find(grit_pair_t *pair, const grit_model_t *first);

/* Whether the second capture has an engine of its own. */
static inline bool grit_pair_has_two(const grit_pair_t *pair) {
  return pair->kind == GRIT_PAIR_SERIES || pair->kind == GRIT_PAIR_CROSSFADE;
}

/* A morph's beginning, when the first one's engine is there; and its place, before that engine is reset. */
void grit_pair_begin_morph(grit_pair_t *pair, grit_engine_t *engine);
void grit_pair_place(grit_pair_t *pair, int16_t turn);

/* After silence, with the first knob somewhere. Returns what both make of it; rest_first: what the first one does. */
int16_t grit_pair_restart(grit_pair_t *pair, int16_t turn, int16_t rest_first);

/* Begins a block of GRIT_LINK_BLOCK_FRAMES with the first knob somewhere. */
void grit_pair_begin(grit_pair_t *pair, int16_t turn);

/* Of two engines: the block's next frames, from `first` on: what the first one heard, and what it made of them -> in
 * place, what both do. */
void grit_pair_process(grit_pair_t *pair, const int16_t *heard, int16_t *played, size_t first, size_t frames);

#endif
