#include "sound/bend_level.h"

#include <string.h>

#include "base/audio_piece.h"
#include "panel/knob_curves.h"

#define FRAMES ((int32_t)GRIT_LINK_BLOCK_FRAMES)
#define APART 3u /* frames: 8 kHz is heard most */
#define BASS_SHIFT 2
#define MEAN_SHIFT 5
#define POWER_SHIFT 4
#define HELD_SHIFT 6
#define LOG_SHIFT 16 /* of Q8, so that a full-scale block's power fits into 32 bits */
#define DOWN_SHIFT 3
#define UP_SHIFT 5
#define MOST (6 * GRIT_UNITY_Q16)                       /* 36 dB */
#define CURVE_FIRST (6 * GRIT_UNITY_Q16)                /* its leftmost point: -65 dBFS */
#define CURVE_OCTAVES 3                                 /* of power, from point to point: 9 dB */
#define CURVE_STEP_Q16 10885                            /* half a decibel of power, log2 */
#define QUIET (7 * GRIT_UNITY_Q16 + GRIT_UNITY_Q16 / 2) /* -60 dBFS */

_Static_assert(GRIT_AUDIO_FRAMES % GRIT_BEND_LEVEL_STEP == 0, "a piece is a whole number of steps");

void grit_bend_level_restart(grit_bend_level_t *level) {
  memset(&level->in, 0, sizeof level->in);
  memset(&level->out, 0, sizeof level->out);
  level->correction = 0;
}

void grit_loudness_hear(grit_loudness_t *loudness, const int16_t *samples, int16_t rest, size_t frames) {
  int64_t squares = loudness->squares, bright = loudness->bright;
  int32_t sum = loudness->sum;
  for (size_t at = 0; at < frames; at += GRIT_BEND_LEVEL_STEP, samples += GRIT_BEND_LEVEL_STEP) {
    int32_t before[APART];
    for (unsigned i = 0; i < GRIT_BEND_LEVEL_STEP; i++) {
      const int32_t sample = samples[i] - rest;
      sum += sample;
      squares += (int64_t)sample * sample;
      if (i >= APART) {
        const int32_t change = sample - before[i % APART];
        bright += (int64_t)change * change;
      }
      before[i % APART] = sample;
    }
  }
  loudness->squares = squares;
  loudness->bright = bright;
  loudness->sum = sum;
}

/* A block is over: how loud it has become, log2 in Q16. */
static int32_t heard(grit_loudness_t *loudness) {
  const int32_t mean = loudness->sum * 256 / FRAMES;
  if (!loudness->begun) loudness->bass = loudness->mean = mean; /* an offset that is there from the start is no step */
  loudness->begun = true;
  loudness->bass += (mean - loudness->bass) >> BASS_SHIFT;
  loudness->mean += (mean - loudness->mean) >> MEAN_SHIFT;
  const int64_t bass = loudness->bass;
  int64_t power = loudness->squares - ((2 * bass * loudness->sum) >> 8) + ((FRAMES * bass * bass) >> 16);
  if (power < 0) power = 0;
  power += loudness->bright >> 1;
  loudness->power += (power * 256 - loudness->power) >> POWER_SHIFT;
  loudness->held -= loudness->held >> HELD_SHIFT;
  if (loudness->held < loudness->power) loudness->held = loudness->power;
  loudness->squares = loudness->bright = 0;
  loudness->sum = 0;
  const int64_t seen = (loudness->held >> LOG_SHIFT) + 1;
  return grit_log2_q16(seen > UINT32_MAX ? UINT32_MAX : (uint32_t)seen);
}

/* How much louder the network, unbent, makes what is so loud: power, log2 in Q16. */
static int32_t gain_of(const int8_t *curve, int32_t loud) {
  int32_t place = (loud - CURVE_FIRST) / CURVE_OCTAVES;
  if (place < 0) place = 0;
  int32_t index = place >> 16;
  if (index > (int32_t)GRIT_BEND_CURVE - 2) index = (int32_t)GRIT_BEND_CURVE - 2;
  int32_t rest = place - index * GRIT_UNITY_Q16;
  if (rest > GRIT_UNITY_Q16) rest = GRIT_UNITY_Q16;
  const int32_t halves = curve[index] * 256 + (curve[index + 1] - curve[index]) * (rest >> 8);
  return (int32_t)(((int64_t)halves * CURVE_STEP_Q16) >> 8);
}

int32_t grit_bend_level_end(grit_bend_level_t *level) {
  if (!level->known) return 0;
  const int32_t in = heard(&level->in), out = heard(&level->out);
  if (in < QUIET) return level->correction;
  int32_t wanted = (in + gain_of(level->curve, in) - out) >> 1;
  if (wanted > MOST) wanted = MOST;
  if (wanted < -MOST) wanted = -MOST;
  level->correction += (wanted - level->correction) >> (wanted < level->correction ? DOWN_SHIFT : UP_SHIFT);
  return level->correction;
}
