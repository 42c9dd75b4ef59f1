/* What lies around the engine: gain into it, dry and wet, level, and the converter's full scale. Integers only.
 *
 *   in ──┬─ gain ──► voices ────────────── wet ──┐
 *        └─ delayed as the model delays ── dry ──┴─► limiter ──► out
 *
 * Every factor runs in straight lines, from block to block, towards where it should be, so that nothing steps. */
#ifndef GRITSPACE_MIXER_H
#define GRITSPACE_MIXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/audio_piece.h"

#define GRIT_MIXER_CHANNELS 2u
#define GRIT_DRY_DELAY_MAX 63u /* frames */
#define GRIT_DRY_PAST 64u      /* that are kept: whole words */
/* A factor goes an eighth of the rest of its way in each block: 8 ms to two thirds of it. */
#define GRIT_MIXER_GLIDE_SHIFT 3u
/* Blocks over which another delay of the dry sound is faded in. */
#define GRIT_DRY_FADE_BLOCKS 20u

typedef enum { GRIT_MIXER_INPUT, GRIT_MIXER_WET, GRIT_MIXER_DRY, GRIT_MIXER_FACTORS } grit_mixer_factor_t;

/* Where the factors should be. Q16. */
typedef struct {
  int32_t gain;  /* 0..16 */
  int32_t mix;   /* 0..1, the wet part */
  int32_t level; /* 0..4 */
  int32_t trim;  /* 0..8, of the wet part: the preset's */
} grit_levels_t;

/* A factor's way through one block: 8 more fractional bits than Q16. */
typedef struct {
  int32_t from, step;
} grit_slope_t;

typedef struct {
  int16_t past[GRIT_DRY_PAST]; /* the input before this block, oldest first */
} grit_mixer_channel_t;

typedef struct {
  grit_mixer_channel_t channels[GRIT_MIXER_CHANNELS];
  int32_t now[GRIT_MIXER_FACTORS];         /* at the block's end; Q16 */
  grit_slope_t slopes[GRIT_MIXER_FACTORS]; /* in this block */
  uint8_t delay, last_delay;               /* of the dry sound, in frames: what counts, what is being faded out */
  uint8_t dry_fade;                        /* blocks still to fade */
  uint16_t peak_in, peak_out;              /* the loudest sample of the block, of all channels; 32768 is full scale */
  bool limited;                            /* the limiter has bent a sample of the block */
} grit_mixer_t;

/* At once: gain 1, wet alone, level 1. */
void grit_mixer_start(grit_mixer_t *mixer);

/* At once where the factors should be, after silence. delay: of the dry sound. */
void grit_mixer_settle(grit_mixer_t *mixer, const grit_levels_t *levels, uint8_t delay);

/* Begins a block: where its factors should go. Before the other two. */
void grit_mixer_begin(grit_mixer_t *mixer, const grit_levels_t *levels);

/* Another delay for the dry sound, faded in. frames: at most GRIT_DRY_DELAY_MAX. From where grit_mixer_begin is called.
 */
void grit_mixer_delay(grit_mixer_t *mixer, uint8_t frames);

/* A channel's piece -> what its engine hears. piece: which one of the block. */
void grit_mixer_input(grit_mixer_t *mixer, size_t piece, const int16_t *in, int16_t *engine_in);

/* A channel's piece and what the voices made of it (32768 is full scale; it may be up to 2^19) -> what is
 * heard. out may be in. After grit_mixer_input. */
void grit_mixer_output(grit_mixer_t *mixer, size_t piece, size_t channel, const int16_t *in, const int32_t *wet,
                       int16_t *out);

#endif
