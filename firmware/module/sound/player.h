/* Which voice is heard, and how the next one takes over: faded into each other where both fit into memory and time,
 * else by a short duck in between.
 *
 * The main loop opens voices and asks for a change; the audio interrupt fades. They share `state` and `sounding`: the
 * main loop only touches the voice that is not heard. */
#ifndef GRITSPACE_PLAYER_H
#define GRITSPACE_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sound/voice.h"

#define GRIT_PLAYER_CROSSFADE_BLOCKS 24u
#define GRIT_PLAYER_DUCK_BLOCKS 8u /* down, and up again, of which the first is silent */

typedef enum {
  GRIT_PLAYER_STEADY,
  GRIT_PLAYER_READY,     /* the next voice waits beside, for grit_player_swap */
  GRIT_PLAYER_CROSSFADE, /* both are heard */
  GRIT_PLAYER_FALL,      /* the old voice goes */
  GRIT_PLAYER_FALLEN,    /* nothing of a model is heard; the main loop opens the next voice */
  GRIT_PLAYER_LOW,       /* it waits, for grit_player_swap */
  GRIT_PLAYER_RISE       /* the new voice comes */
} grit_player_state_t;

typedef struct {
  const void *blob; /* NULL: no model */
  size_t bytes;
} grit_player_model_t;

typedef struct {
  grit_voice_means_t means;
  grit_voice_t voices[2];
  grit_player_model_t wanted, fallback;
  grit_place_t place;
  bool pending;                     /* wanted is not yet looked at */
  bool opened;                      /* the next voice is open, although the old one falls */
  grit_voice_outcome_t outcome;     /* of the last change */
  grit_status_t status;             /* of the last model that was bad */
  volatile uint8_t state, sounding; /* sounding: which voice; the old one's while it changes */
  uint16_t faded;                   /* pieces */
} grit_player_t;

/* Without a model. fallback: played when a wanted model turns out to be no good after the old one has gone. */
void grit_player_start(grit_player_t *player, const grit_voice_means_t *means, const grit_player_model_t *fallback);

/* Another model is wanted, at a place. bytes must stay until it has been replaced. */
void grit_player_want(grit_player_t *player, const grit_player_model_t *model, const grit_place_t *place);

/* From the main loop, often. True when a change has been decided: outcome says how. If it was good, or the fallback
 * plays instead, grit_player_swap_due says so. */
bool grit_player_step(grit_player_t *player);

/* The next voice is open and waits for grit_player_swap. */
bool grit_player_swap_due(const grit_player_t *player);

/* Lets the next voice be heard. From the audio interrupt, or while that keeps away. */
void grit_player_swap(grit_player_t *player);

/* A fade that is under way is over. While the audio interrupt keeps away. */
void grit_player_end_fade(grit_player_t *player);

/* Nothing is under way. */
bool grit_player_steady(const grit_player_t *player);

/* The voice that is heard, the new one while two are: that which positions are for. */
grit_voice_t *grit_player_voice(grit_player_t *player);

/* Whether a position may be given to that voice: not while it goes to make room for another. */
bool grit_player_follows(const grit_player_t *player);

/* What may be played together, has turned out to be too much: both inputs through one engine. False if it already was
 * one. */
bool grit_player_make_mono(grit_player_t *player);

/* From the audio interrupt. piece: which one of the block. */
void grit_player_process(grit_player_t *player, size_t piece, int16_t in[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES],
                         int32_t out[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES]);

#endif
