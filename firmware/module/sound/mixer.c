#include "sound/mixer.h"

#include <string.h>

#include "arithmetic.h"
#include "base/copy_words.h"
#include "panel/knob_curves.h"
#include "placement.h"
#include "sound/limiter.h"

#define FRAMES GRIT_LINK_BLOCK_FRAMES
#define SLOPE_BITS 8u /* behind Q16's */
_Static_assert(GRIT_AUDIO_FRAMES % 2u == 0u, "frames go by twos");

void grit_mixer_start(grit_mixer_t *mixer) {
  memset(mixer, 0, sizeof *mixer);
  mixer->now[GRIT_MIXER_INPUT] = GRIT_UNITY_Q16;
  mixer->now[GRIT_MIXER_WET] = GRIT_UNITY_Q16;
}

static int32_t times_q16(int32_t value, int32_t factor) {
  return (int32_t)(((int64_t)value * factor + (1 << 15)) >> 16);
}

/* A factor on its way, one frame after the other. */
static inline int32_t next(grit_slope_t *slope) {
  slope->from += slope->step;
  return slope->from >> SLOPE_BITS;
}

static grit_slope_t slope_at(const grit_slope_t *slope, size_t frame) {
  return (grit_slope_t){slope->from + slope->step * (int32_t)frame, slope->step};
}

/* As times_q16, for samples of up to 2^19 and factors of up to 2^25: both moved up, so that the upper word of the
 * product is the sum. */
static inline int32_t scaled(int32_t sample, int32_t factor) {
  return grit_high_rounded(sample * (1 << 11), factor * (1 << 5));
}

static void head_for(grit_mixer_t *mixer, grit_mixer_factor_t factor, int32_t target) {
  int32_t *now = &mixer->now[factor];
  const int32_t before = *now;
  const int32_t way = (target - before) / (1 << GRIT_MIXER_GLIDE_SHIFT);
  *now = way == 0 ? target : before + way; /* the last few are no step that could be heard */
  mixer->slopes[factor].from = before * (1 << SLOPE_BITS);
  mixer->slopes[factor].step = (*now - before) * (1 << SLOPE_BITS) / (int32_t)FRAMES;
}

/* Where each factor should be. */
static void targets_of(const grit_levels_t *levels, int32_t targets[GRIT_MIXER_FACTORS]) {
  const int32_t wet = times_q16(levels->mix, levels->level);
  targets[GRIT_MIXER_INPUT] = levels->gain;
  targets[GRIT_MIXER_WET] = times_q16(wet, levels->trim);
  targets[GRIT_MIXER_DRY] = levels->level - wet;
}

void grit_mixer_settle(grit_mixer_t *mixer, const grit_levels_t *levels, uint8_t delay) {
  memset(mixer, 0, sizeof *mixer);
  targets_of(levels, mixer->now);
  mixer->delay = mixer->last_delay = delay;
}

void grit_mixer_begin(grit_mixer_t *mixer, const grit_levels_t *levels) {
  int32_t targets[GRIT_MIXER_FACTORS];
  targets_of(levels, targets);
  for (unsigned f = 0; f < GRIT_MIXER_FACTORS; f++) head_for(mixer, (grit_mixer_factor_t)f, targets[f]);
  if (mixer->dry_fade > 0) mixer->dry_fade--;
  mixer->peak_in = mixer->peak_out = 0;
  mixer->limited = false;
}

void grit_mixer_delay(grit_mixer_t *mixer, uint8_t frames) {
  if (frames == mixer->delay) return;
  mixer->last_delay = mixer->delay;
  mixer->delay = frames;
  mixer->dry_fade = GRIT_DRY_FADE_BLOCKS + 1u; /* grit_mixer_begin takes the first one away */
}

static inline int32_t loudness(int32_t sample) {
  return sample < 0 ? -sample : sample;
}

static inline int32_t louder(int32_t peak, int32_t loud) {
  return loud > peak ? loud : peak;
}

GRIT_FAST_CODE void grit_mixer_input(grit_mixer_t *mixer, size_t piece, const int16_t *in, int16_t *engine_in) {
  grit_slope_t gain = slope_at(&mixer->slopes[GRIT_MIXER_INPUT], piece * GRIT_AUDIO_FRAMES);
  int32_t peak = mixer->peak_in;
  for (size_t i = 0; i < GRIT_AUDIO_FRAMES; i++) {
    const int32_t dry = in[i];
    peak = louder(peak, loudness(dry));
    engine_in[i] = grit_saturate_word(scaled(dry, next(&gain)));
  }
  mixer->peak_in = (uint16_t)peak;
}

/* The dry sound while the delay before fades into the present one. line: the frame itself, with the past before it. */
static void fade_delays(const grit_mixer_t *mixer, const int16_t *line, size_t first, int16_t *dry) {
  const int16_t *present = line - mixer->delay, *last = line - mixer->last_delay;
  for (size_t i = 0; i < GRIT_AUDIO_FRAMES; i++) {
    const int32_t left = mixer->dry_fade * (int32_t)FRAMES - (int32_t)(first + i) - 1;
    dry[i] = (int16_t)(present[i] + (last[i] - present[i]) * left / (int32_t)(GRIT_DRY_FADE_BLOCKS * FRAMES));
  }
}

GRIT_FAST_CODE void grit_mixer_output(grit_mixer_t *mixer, size_t piece, size_t channel, const int16_t *in,
                                      const int32_t *wet, int16_t *out) {
  const size_t first = piece * GRIT_AUDIO_FRAMES;
  grit_mixer_channel_t *state = &mixer->channels[channel];
  grit_slope_t wet_factor = slope_at(&mixer->slopes[GRIT_MIXER_WET], first);
  grit_slope_t dry_factor = slope_at(&mixer->slopes[GRIT_MIXER_DRY], first);
  int16_t line[GRIT_DRY_PAST + GRIT_AUDIO_FRAMES], faded[GRIT_AUDIO_FRAMES];
  grit_copy_words(line, state->past, sizeof state->past);
  grit_copy_words(line + GRIT_DRY_PAST, in, GRIT_AUDIO_FRAMES * sizeof *in);
  grit_copy_words(state->past, line + GRIT_AUDIO_FRAMES, sizeof state->past);
  const int16_t *dry = line + GRIT_DRY_PAST - mixer->delay;
  if (mixer->dry_fade != 0) {
    fade_delays(mixer, line + GRIT_DRY_PAST, first, faded);
    dry = faded;
  }
  int32_t peak = 0;
  for (size_t i = 0; i < GRIT_AUDIO_FRAMES; i += 2u) { /* by twos: each waits in the other's shadow */
    const int32_t a_wet = scaled(wet[i], next(&wet_factor)), b_wet = scaled(wet[i + 1u], next(&wet_factor));
    const int32_t a = a_wet + scaled(dry[i], next(&dry_factor)), b = b_wet + scaled(dry[i + 1u], next(&dry_factor));
    const int32_t loud = louder(loudness(a), loudness(b));
    const bool bends = loud > GRIT_LIMITER_KNEE;
    peak = louder(peak, loud);
    out[i] = bends ? grit_limit(a) : (int16_t)a;
    out[i + 1u] = bends ? grit_limit(b) : (int16_t)b;
  }
  mixer->limited |= peak > GRIT_LIMITER_KNEE;
  const uint16_t loudest = (uint16_t)grit_limit(peak); /* what is louder comes out louder */
  if (loudest > mixer->peak_out) mixer->peak_out = loudest;
}
