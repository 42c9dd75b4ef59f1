#include "sound/player.h"

#include <stdatomic.h>
#include <string.h>

#define FRAMES GRIT_AUDIO_FRAMES
#define BOTH_PERCENT 92u /* of a block's time that two voices may take while they are faded into each other */

void grit_player_start(grit_player_t *player, const grit_voice_means_t *means, const grit_player_model_t *fallback) {
  memset(player, 0, sizeof *player);
  player->means = *means;
  player->fallback = *fallback;
}

void grit_player_want(grit_player_t *player, const grit_player_model_t *model, const grit_place_t *place) {
  player->wanted = *model;
  player->place = *place;
  player->pending = true;
}

/* What the main loop has written is there before the interrupt sees the state. */
static void enter(grit_player_t *player, grit_player_state_t state) {
  atomic_signal_fence(memory_order_seq_cst);
  player->state = (uint8_t)state;
  atomic_signal_fence(memory_order_seq_cst);
}

static grit_voice_outcome_t open(grit_player_t *player, const grit_player_model_t *model, const grit_voice_t *beside) {
  grit_voice_t *next = &player->voices[1u - player->sounding];
  grit_voice_close(next);
  if (model->blob == NULL) return GRIT_VOICE_GOOD;
  const grit_voice_outcome_t outcome =
      grit_voice_open(next, model->blob, model->bytes, &player->place, &player->means, beside);
  if (outcome == GRIT_VOICE_BAD_MODEL) player->status = next->channels[0].status;
  return outcome;
}

static bool time_for_both(const grit_player_t *player) {
  const uint64_t work = (uint64_t)grit_voice_work(&player->voices[0]) + grit_voice_work(&player->voices[1]);
  return player->means.budget == 0 || work * 100u <= (uint64_t)player->means.budget * BOTH_PERCENT;
}

/* The old voice is silent, and its memory free. */
static void open_after_the_fall(grit_player_t *player) {
  if (!player->opened) {
    player->pending = false; /* wanted may be newer than what made the old voice fall */
    grit_voice_close(&player->voices[player->sounding]);
    player->outcome = open(player, &player->wanted, NULL);
    if (player->outcome != GRIT_VOICE_GOOD) {
      player->place.count = 0;
      player->place.bend = GRIT_BEND_NONE;
      player->place.gate = 0;
      open(player, &player->fallback, NULL); /* if that is no good either, the dry sound is heard */
    }
  }
  enter(player, GRIT_PLAYER_LOW);
}

bool grit_player_step(grit_player_t *player) {
  if (player->state == GRIT_PLAYER_FALLEN) {
    open_after_the_fall(player);
    return true;
  }
  if (player->state != GRIT_PLAYER_STEADY || !player->pending) return false;
  player->pending = false;
  player->opened = true;
  player->outcome = open(player, &player->wanted, &player->voices[player->sounding]);
  if (player->outcome == GRIT_VOICE_GOOD && time_for_both(player)) {
    enter(player, GRIT_PLAYER_READY);
    return true;
  }
  if (player->outcome != GRIT_VOICE_GOOD && player->outcome != GRIT_VOICE_NO_ROOM) {
    grit_voice_close(&player->voices[1u - player->sounding]);
    /* The old voice stays; where there is none, what is known of the new one is shown. */
    if (player->voices[player->sounding].channel_count == 0) player->sounding = (uint8_t)(1u - player->sounding);
    return true;
  }
  player->opened = player->outcome == GRIT_VOICE_GOOD;
  player->faded = 0;
  enter(player, GRIT_PLAYER_FALL);
  return false;
}

bool grit_player_swap_due(const grit_player_t *player) {
  return player->state == GRIT_PLAYER_READY || player->state == GRIT_PLAYER_LOW;
}

void grit_player_swap(grit_player_t *player) {
  if (!grit_player_swap_due(player)) return;
  player->faded = 0;
  if (player->state == GRIT_PLAYER_LOW) {
    player->sounding = (uint8_t)(1u - player->sounding);
    enter(player, GRIT_PLAYER_RISE);
  } else {
    enter(player, GRIT_PLAYER_CROSSFADE);
  }
}

void grit_player_end_fade(grit_player_t *player) {
  switch (player->state) {
    case GRIT_PLAYER_CROSSFADE:
      player->sounding = (uint8_t)(1u - player->sounding);
      enter(player, GRIT_PLAYER_STEADY);
      break;
    case GRIT_PLAYER_FALL:
      enter(player, GRIT_PLAYER_FALLEN);
      break;
    case GRIT_PLAYER_RISE:
      enter(player, GRIT_PLAYER_STEADY);
      break;
    default:
      break;
  }
}

bool grit_player_steady(const grit_player_t *player) {
  return player->state == GRIT_PLAYER_STEADY && !player->pending;
}

GRIT_FAST_CODE grit_voice_t *grit_player_voice(grit_player_t *player) {
  return &player->voices[player->state == GRIT_PLAYER_CROSSFADE ? 1u - player->sounding : player->sounding];
}

GRIT_FAST_CODE bool grit_player_follows(const grit_player_t *player) {
  const uint8_t state = player->state;
  return state == GRIT_PLAYER_STEADY || state == GRIT_PLAYER_CROSSFADE || state == GRIT_PLAYER_RISE ||
         state == GRIT_PLAYER_READY;
}

bool grit_player_make_mono(grit_player_t *player) {
  bool was = false;
  for (unsigned i = 0; i < 2u; i++) {
    if (player->voices[i].channel_count != 2u) continue;
    player->voices[i].channel_count = 1u;
    was = true;
  }
  return was;
}

/* out * share, in a straight line through the piece; the share is what of `pieces` is done, or what that leaves. */
static void fade(int32_t *out, uint32_t faded, uint32_t pieces, bool going) {
  const uint32_t whole = pieces * FRAMES;
  for (size_t i = 0; i < FRAMES; i++) {
    const uint32_t done = faded * FRAMES + (uint32_t)i + 1u;
    const uint32_t share = (going ? whole - done : done) * 65536u / whole;
    out[i] = (int32_t)((out[i] * (int64_t)share) >> 16);
  }
}

/* Silence first, then up: music begins for a new voice in mid-wave, and what it makes of that jump is not let out. */
static void rise(int32_t *out, uint32_t faded, uint32_t pieces) {
  if (faded < GRIT_AUDIO_PIECES)
    memset(out, 0, FRAMES * sizeof *out);
  else
    fade(out, faded - GRIT_AUDIO_PIECES, pieces - GRIT_AUDIO_PIECES, false);
}

GRIT_FAST_CODE void grit_player_process(grit_player_t *player, size_t piece,
                                        int16_t in[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES],
                                        int32_t out[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES]) {
  int32_t next[GRIT_VOICE_CHANNELS][FRAMES];
  grit_voice_t *voice = &player->voices[player->sounding];
  uint32_t pieces = GRIT_PLAYER_DUCK_BLOCKS * GRIT_AUDIO_PIECES;
  switch (player->state) {
    case GRIT_PLAYER_CROSSFADE:
      pieces = GRIT_PLAYER_CROSSFADE_BLOCKS * GRIT_AUDIO_PIECES;
      grit_voice_process(voice, piece, in, out);
      grit_voice_process(&player->voices[1u - player->sounding], piece, in, next);
      for (unsigned c = 0; c < GRIT_VOICE_CHANNELS; c++) {
        fade(out[c], player->faded, pieces, true);
        fade(next[c], player->faded, pieces, false);
        for (size_t i = 0; i < FRAMES; i++) out[c][i] += next[c][i];
      }
      break;
    case GRIT_PLAYER_FALL:
      grit_voice_process(voice, piece, in, out);
      for (unsigned c = 0; c < GRIT_VOICE_CHANNELS; c++) fade(out[c], player->faded, pieces, true);
      break;
    case GRIT_PLAYER_RISE:
      grit_voice_process(voice, piece, in, out);
      for (unsigned c = 0; c < GRIT_VOICE_CHANNELS; c++) rise(out[c], player->faded, pieces);
      break;
    case GRIT_PLAYER_FALLEN:
    case GRIT_PLAYER_LOW:
      memset(out[0], 0, sizeof out[0]);
      memset(out[1], 0, sizeof out[1]);
      return;
    default:
      grit_voice_process(voice, piece, in, out);
      return;
  }
  player->faded++;
  if (player->faded == pieces) grit_player_end_fade(player);
}
