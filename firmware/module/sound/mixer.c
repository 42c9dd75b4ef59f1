#include "sound/mixer.h"

#include <string.h>

#include "panel/knob_curves.h"
#include "sound/limiter.h"

#define FRAMES GRIT_LINK_BLOCK_FRAMES
#define SLOPE_BITS 8u /* behind Q16's */

void grit_mixer_start(grit_mixer_t *mixer) {
  memset(mixer, 0, sizeof *mixer);
  mixer->now[GRIT_MIXER_INPUT] = GRIT_UNITY_Q16;
  mixer->now[GRIT_MIXER_WET] = GRIT_UNITY_Q16;
}

static int32_t times_q16(int32_t value, int32_t factor) {
  return (int32_t)(((int64_t)value * factor + (1 << 15)) >> 16);
}

/* A factor's value in a frame; counts from 0. */
static int32_t at(const grit_slope_t *slope, size_t frame) {
  return (slope->from + slope->step * ((int32_t)frame + 1)) >> SLOPE_BITS;
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

static uint16_t louder(uint16_t peak, int32_t sample) {
  const int32_t loud = sample < 0 ? -sample : sample;
  return loud > peak ? (uint16_t)loud : peak;
}

void grit_mixer_input(grit_mixer_t *mixer, size_t piece, const int16_t *in, int16_t *engine_in) {
  const size_t first = piece * GRIT_AUDIO_FRAMES;
  const grit_slope_t gain = mixer->slopes[GRIT_MIXER_INPUT];
  uint16_t peak = mixer->peak_in;
  for (size_t i = 0; i < GRIT_AUDIO_FRAMES; i++) {
    int32_t sample = times_q16(in[i], at(&gain, first + i));
    if (sample > INT16_MAX) sample = INT16_MAX;
    if (sample < INT16_MIN) sample = INT16_MIN;
    peak = louder(peak, in[i]);
    engine_in[i] = (int16_t)sample;
  }
  mixer->peak_in = peak;
}

/* The dry sound as late as the model's, where two delays are faded into each other both. newest: the frame itself, with
 * the past before it; frame: which one of the block. */
static int32_t dry_at(const grit_mixer_t *mixer, const int16_t *newest, size_t frame) {
  const int32_t dry = *(newest - mixer->delay);
  if (mixer->dry_fade == 0) return dry;
  const int32_t last = *(newest - mixer->last_delay);
  const int32_t left = mixer->dry_fade * (int32_t)FRAMES - (int32_t)frame - 1;
  return dry + (last - dry) * left / (int32_t)(GRIT_DRY_FADE_BLOCKS * FRAMES);
}

void grit_mixer_output(grit_mixer_t *mixer, size_t piece, size_t channel, const int16_t *in, const int32_t *wet,
                       int16_t *out) {
  const size_t first = piece * GRIT_AUDIO_FRAMES;
  grit_mixer_channel_t *state = &mixer->channels[channel];
  const grit_slope_t wet_factor = mixer->slopes[GRIT_MIXER_WET], dry_factor = mixer->slopes[GRIT_MIXER_DRY];
  int16_t line[GRIT_DRY_DELAY_MAX + GRIT_AUDIO_FRAMES];
  memcpy(line, state->past, sizeof state->past);
  memcpy(line + GRIT_DRY_DELAY_MAX, in, GRIT_AUDIO_FRAMES * sizeof *in);
  memcpy(state->past, line + GRIT_AUDIO_FRAMES, sizeof state->past);
  uint16_t peak = mixer->peak_out;
  bool limited = mixer->limited;
  for (size_t i = 0; i < GRIT_AUDIO_FRAMES; i++) {
    const int32_t dry = dry_at(mixer, line + GRIT_DRY_DELAY_MAX + i, first + i);
    const int32_t sum = times_q16(wet[i], at(&wet_factor, first + i)) + times_q16(dry, at(&dry_factor, first + i));
    out[i] = grit_limit(sum);
    limited |= sum > GRIT_LIMITER_KNEE || sum < -GRIT_LIMITER_KNEE;
    peak = louder(peak, out[i]);
  }
  mixer->peak_out = peak;
  mixer->limited = limited;
}
