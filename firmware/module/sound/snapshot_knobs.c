#include "sound/snapshot_knobs.h"

#include <string.h>

#include "arithmetic.h"
#include "panel/knob_curves.h"
#include "placement.h"
#include "sound/dc_blocker.h"
#include "sound/limiter.h"

#define FRAMES ((int32_t)GRIT_LINK_BLOCK_FRAMES)
#define STEPS (FRAMES / (int32_t)GRIT_SNAPSHOT_STEP)
#define UNITY GRIT_UNITY_Q16
#define SPAN (INT16_MAX - GRIT_SNAPSHOT_MARGIN)
#define DRIVE_OCTAVES 3 /* either way */
#define TILT_OCTAVES 1  /* up on one side of the pivot and down on the other */
#define DYNAMICS_EIGHTHS 7
#define DYNAMICS_MOST (2 * UNITY) /* log2 in Q16: 12 dB */
#define HELD_MOST (4 * UNITY)     /* 24 dB */
#define REFERENCE_IN 8192         /* a peak of -12 dBFS */
#define RELEASE_SHIFT 7u          /* of the envelopes, a step: 43 ms */
#define WAVE_MOST 65535
#define SLOPE_BITS 8u
#define TONE_FRACTION 12u
#define LEVEL_STEP_Q16 2721 /* a quarter of a decibel, log2 in Q16 */
#define USUAL_TONE_POLE 2870u
#define USUAL_OUTPUT_PEAK 8192u
#define NO_LEVEL 0 /* yet: the first one is there at once */

_Static_assert(sizeof(grit_knob_fit_t) == sizeof(((grit_header_t *)0)->default_position), "in a snapshot's stead");
_Static_assert(GRIT_AUDIO_FRAMES % GRIT_SNAPSHOT_STEP == 0, "a piece is a whole number of steps");

void grit_snapshot_knobs_open(grit_snapshot_knobs_t *knobs, const grit_header_t *header) {
  memset(knobs, 0, sizeof *knobs);
  grit_knob_fit_t *fit = &knobs->fit;
  memcpy(fit, header->default_position, sizeof *fit);
  if (fit->measured == 0u) {
    memset(fit, 0, sizeof *fit);
    fit->tone_pole = USUAL_TONE_POLE;
    fit->output_peak = USUAL_OUTPUT_PEAK;
  }
  if (fit->tone_pole == 0u || fit->tone_pole > INT16_MAX) fit->tone_pole = USUAL_TONE_POLE;
  if (fit->output_peak == 0u) fit->output_peak = USUAL_OUTPUT_PEAK;
}

/* What `measured` says of drive and dynamics. */
static int32_t said(const grit_knob_fit_t *fit, uint32_t shift, uint32_t bits) {
  return (int32_t)(((uint32_t)fit->measured >> shift) & ((1u << bits) - 1u));
}

/* What comes in, beside the network, at drive's place, Q16. */
static int32_t dry_at(const grit_knob_fit_t *fit, int32_t way) {
  if (way >= 0) return 0;
  const int32_t part = (-way * said(fit, GRIT_KNOBS_DRY, 4)) >> 8; /* Q11 */
  const int32_t dry = (part * (fit->output_peak * 8)) >> 11;       /* 1920 * 524280 still fits */
  return said(fit, GRIT_KNOBS_UPSIDE_DOWN, 1) == 0 ? dry : -dry;
}

int32_t grit_snapshot_way(int16_t turn) {
  int32_t beyond = (turn < 0 ? -(int32_t)turn : turn) - GRIT_SNAPSHOT_MARGIN;
  if (beyond < 0) beyond = 0;
  if (beyond > SPAN) beyond = SPAN;
  beyond = beyond * 32768 / SPAN; /* 32112 * 32768 still fits */
  return turn < 0 ? -beyond : beyond;
}

int32_t grit_snapshot_level(const int8_t *levels, int32_t points, int32_t way) {
  const int32_t place = (way < 0 ? -way : way) * points;
  const int32_t index = place >> 15 < points ? place >> 15 : points - 1, rest = place - index * 32768;
  const int8_t *side = way > 0 ? levels + points : levels + points - 1;
  const int32_t on = way > 0 ? 1 : -1;
  const int32_t low = index > 0 ? side[on * (index - 1)] : 0, high = side[on * index];
  return ((low * 32768 + (high - low) * rest) >> 7) * LEVEL_STEP_Q16 >> 8;
}

static int32_t within(int32_t value, int32_t most) {
  return value > most ? most : value < -most ? -most : value;
}

/* Where the factors go at a position, and what the level is made of. */
static void aim(const grit_snapshot_knobs_t *knobs, const int32_t ways[GRIT_SNAPSHOT_KNOBS],
                int32_t factors[GRIT_SNAPSHOT_FACTORS], int32_t *held) {
  static const int32_t points[GRIT_SNAPSHOT_KNOBS] = {4, 2, 2, 2};
  const int8_t *levels = knobs->fit.levels;
  int32_t sum = 0;
  for (unsigned i = 0; i < GRIT_SNAPSHOT_KNOBS; i++) {
    sum += grit_snapshot_level(levels, points[i], ways[i]);
    levels += 2 * points[i];
  }
  *held = within(sum, HELD_MOST);
  const int32_t drive = knobs->level_only ? 0 : ways[0];
  const int32_t octaves = DRIVE_OCTAVES - (drive > 0 ? said(&knobs->fit, GRIT_KNOBS_LESS_DRIVE, 2) : 0);
  const int32_t gain = grit_exp2_q16(2 * octaves * drive), uneven = ways[2] < 0 ? -ways[2] : ways[2];
  factors[GRIT_SNAPSHOT_GAIN] = gain;
  factors[GRIT_SNAPSHOT_SOFT] = gain <= UNITY ? 0 : gain >= UNITY + UNITY / 4 ? UNITY : 4 * (gain - UNITY);
  factors[GRIT_SNAPSHOT_UNEVEN] = ways[2];
  factors[GRIT_SNAPSHOT_BLOCKED] = uneven >= 2048 ? 16384 : 8 * uneven;
  const int32_t bright = drive > 0 ? (drive * said(&knobs->fit, GRIT_KNOBS_BRIGHT, 4)) >> 4 : 0;
  factors[GRIT_SNAPSHOT_LOW] = grit_exp2_q16(-2 * TILT_OCTAVES * (ways[1] + bright));
  factors[GRIT_SNAPSHOT_HIGH] = grit_exp2_q16(2 * TILT_OCTAVES * (ways[1] + bright));
  factors[GRIT_SNAPSHOT_DRY] = dry_at(&knobs->fit, drive);
}

static bool ways_of(const int16_t position[GRIT_SNAPSHOT_KNOBS], int32_t ways[GRIT_SNAPSHOT_KNOBS]) {
  bool any = false;
  for (unsigned i = 0; i < GRIT_SNAPSHOT_KNOBS; i++) {
    ways[i] = grit_snapshot_way(position[i]);
    any |= ways[i] != 0;
  }
  return any;
}

/* Nothing was heard yet through these knobs. */
static void begin_anew(grit_snapshot_knobs_t *knobs) {
  knobs->envelope_in = knobs->envelope_out = 0;
  knobs->mean = knobs->low = 0;
}

void grit_snapshot_knobs_restart(grit_snapshot_knobs_t *knobs, const int16_t position[GRIT_SNAPSHOT_KNOBS],
                                 int16_t rest) {
  int32_t ways[GRIT_SNAPSHOT_KNOBS];
  knobs->rest = rest;
  knobs->moved = ways_of(position, ways);
  aim(knobs, ways, knobs->now, &knobs->held_to);
  knobs->dynamics_to = ways[3];
  knobs->level = NO_LEVEL;
  begin_anew(knobs);
}

static void wake(grit_snapshot_knobs_t *knobs) {
  static const int32_t middles[GRIT_SNAPSHOT_KNOBS];
  aim(knobs, middles, knobs->now, &knobs->held_to);
  knobs->dynamics_to = 0;
  knobs->level = UNITY;
  begin_anew(knobs);
}

GRIT_FAST_CODE void grit_snapshot_knobs_begin(grit_snapshot_knobs_t *knobs,
                                              const int16_t position[GRIT_SNAPSHOT_KNOBS]) {
  int32_t ways[GRIT_SNAPSHOT_KNOBS], before[GRIT_SNAPSHOT_FACTORS];
  const bool moved = knobs->moved;
  knobs->moved = ways_of(position, ways);
  knobs->awake = moved || knobs->moved;
  if (!knobs->awake) return;
  if (!moved) wake(knobs);
  memcpy(before, knobs->now, sizeof before);
  knobs->held_from = knobs->held_to;
  knobs->dynamics_from = knobs->dynamics_to;
  knobs->dynamics_to = ways[3];
  aim(knobs, ways, knobs->now, &knobs->held_to);
  for (unsigned f = 0; f < GRIT_SNAPSHOT_FACTORS; f++) {
    knobs->from[f] = before[f] * (1 << SLOPE_BITS);
    knobs->step[f] = (knobs->now[f] - before[f]) * (1 << SLOPE_BITS) / FRAMES;
  }
}

static int32_t times_q16(int32_t value, int32_t factor) {
  return (int32_t)(((int64_t)value * factor + (1 << 15)) >> 16);
}

/* An envelope one step further: up at once, down by and by. True if it has risen. */
static bool follow(int32_t *envelope, int32_t peak) {
  const bool rises = peak * 256 > *envelope;
  *envelope = rises ? peak * 256 : *envelope - ((*envelope - peak * 256) >> RELEASE_SHIFT);
  return rises;
}

GRIT_FAST_CODE const int16_t *grit_snapshot_knobs_input(grit_snapshot_knobs_t *knobs, const int16_t *in, int16_t *heard,
                                                        size_t first, size_t frames) {
  if (!knobs->awake) return in;
  int32_t gain = knobs->from[GRIT_SNAPSHOT_GAIN], soft = knobs->from[GRIT_SNAPSHOT_SOFT];
  const int32_t gain_step = knobs->step[GRIT_SNAPSHOT_GAIN], soft_step = knobs->step[GRIT_SNAPSHOT_SOFT];
  for (size_t at = 0; at < frames; at += GRIT_SNAPSHOT_STEP) {
    int32_t peak = 0;
    for (size_t i = at; i < at + GRIT_SNAPSHOT_STEP; i++) {
      gain += gain_step;
      soft += soft_step;
      const int32_t loud = in[i] < 0 ? -in[i] : in[i];
      if (loud > peak) peak = loud;
      knobs->dry[first + i] = in[i];
      const int32_t driven = times_q16(in[i], gain >> SLOPE_BITS), hard = grit_saturate_word(driven);
      heard[i] = (int16_t)(hard + (((grit_limit(driven) - hard) * (soft >> SLOPE_BITS)) >> 16));
    }
    follow(&knobs->envelope_in, peak);
    knobs->envelopes_in[(first + at) / GRIT_SNAPSHOT_STEP] = knobs->envelope_in;
  }
  knobs->from[GRIT_SNAPSHOT_GAIN] = gain;
  knobs->from[GRIT_SNAPSHOT_SOFT] = soft;
  return heard;
}

/* A step's samples, about what the network makes of silence, so that no knob moves that: with what came in beside
 * them, the halves of the wave made uneven, and the offset taken away. Returns the peak. */
static int32_t unevened(grit_snapshot_knobs_t *knobs, const int16_t *in, const int16_t *samples,
                        int32_t still[GRIT_SNAPSHOT_STEP]) {
  int32_t uneven = knobs->from[GRIT_SNAPSHOT_UNEVEN], blocked = knobs->from[GRIT_SNAPSHOT_BLOCKED], peak = 0;
  int32_t mean = knobs->mean, dry = knobs->from[GRIT_SNAPSHOT_DRY];
  for (size_t i = 0; i < GRIT_SNAPSHOT_STEP; i++) {
    uneven += knobs->step[GRIT_SNAPSHOT_UNEVEN];
    blocked += knobs->step[GRIT_SNAPSHOT_BLOCKED];
    dry += knobs->step[GRIT_SNAPSHOT_DRY];
    const int32_t wave = within(samples[i] - knobs->rest + times_q16(in[i], dry >> SLOPE_BITS), WAVE_MOST);
    const int32_t half = wave < 0 ? -wave : wave; /* 65535 * 32768 still fits */
    const int32_t sample = wave + ((half * (uneven >> SLOPE_BITS)) >> 16);
    mean += (sample * (1 << GRIT_DC_FRACTION) - mean) >> GRIT_DC_SHIFT;
    const int32_t offset = (mean + (1 << (GRIT_DC_FRACTION - 1u))) >> GRIT_DC_FRACTION;
    still[i] = sample - ((offset * (blocked >> SLOPE_BITS)) >> 14);
    const int32_t loud = still[i] < 0 ? -still[i] : still[i];
    if (loud > peak) peak = loud;
  }
  knobs->from[GRIT_SNAPSHOT_UNEVEN] = uneven;
  knobs->from[GRIT_SNAPSHOT_BLOCKED] = blocked;
  knobs->from[GRIT_SNAPSHOT_DRY] = dry;
  knobs->mean = mean;
  return peak;
}

/* Part of the way between a block's two ends. */
static int32_t part_of(int32_t from, int32_t to, int32_t step) {
  return from + (to - from) * step / STEPS;
}

/* The level at the end of a block's step, which counts from 1. */
static int32_t level_at(const grit_snapshot_knobs_t *knobs, int32_t step) {
  const int32_t way = part_of(knobs->dynamics_from, knobs->dynamics_to, step);
  const int32_t held = part_of(knobs->held_from, knobs->held_to, step);
  if (way == 0) return grit_exp2_q16(held);
  const int32_t envelope = way > 0 ? knobs->envelope_out : knobs->envelopes_in[step - 1];
  const uint32_t reference = (way > 0 ? knobs->fit.output_peak : REFERENCE_IN) * 256u;
  const int32_t above = grit_log2_q16(envelope > 0 ? (uint32_t)envelope : 1u) - grit_log2_q16(reference);
  const int32_t eighths = DYNAMICS_EIGHTHS - (way < 0 ? said(&knobs->fit, GRIT_KNOBS_LESS_EXPANSION, 3) : 0);
  const int64_t pressed = ((int64_t)way * eighths * above) >> 18;
  return grit_exp2_q16(held - within((int32_t)pressed, DYNAMICS_MOST));
}

/* A step's samples, tilted, at the level that runs to `to`. */
static void tilted(grit_snapshot_knobs_t *knobs, const int32_t still[GRIT_SNAPSHOT_STEP], int32_t to,
                   int16_t *samples) {
  int32_t low = knobs->from[GRIT_SNAPSHOT_LOW], high = knobs->from[GRIT_SNAPSHOT_HIGH], state = knobs->low;
  int32_t level = knobs->level * (1 << SLOPE_BITS);
  const int32_t level_step = (to - knobs->level) * ((1 << SLOPE_BITS) / (int32_t)GRIT_SNAPSHOT_STEP);
  const int32_t low_step = knobs->step[GRIT_SNAPSHOT_LOW], high_step = knobs->step[GRIT_SNAPSHOT_HIGH];
  for (size_t i = 0; i < GRIT_SNAPSHOT_STEP; i++) {
    low += low_step;
    high += high_step;
    level += level_step;
    state += (int32_t)(((int64_t)(still[i] * (1 << TONE_FRACTION) - state) * knobs->fit.tone_pole) >> 15);
    const int32_t bass = (state + (1 << (TONE_FRACTION - 1u))) >> TONE_FRACTION;
    const int64_t sum = (int64_t)bass * (low >> SLOPE_BITS) + (int64_t)(still[i] - bass) * (high >> SLOPE_BITS);
    samples[i] = grit_saturate_word(times_q16((int32_t)((sum + (1 << 15)) >> 16), level >> SLOPE_BITS) + knobs->rest);
  }
  knobs->from[GRIT_SNAPSHOT_LOW] = low;
  knobs->from[GRIT_SNAPSHOT_HIGH] = high;
  knobs->low = state;
  knobs->level = to;
}

GRIT_FAST_CODE void grit_snapshot_knobs_output(grit_snapshot_knobs_t *knobs, int16_t *samples, size_t first,
                                               size_t frames) {
  if (!knobs->awake) return;
  for (size_t at = 0; at < frames; at += GRIT_SNAPSHOT_STEP) {
    int32_t still[GRIT_SNAPSHOT_STEP];
    const bool rises = follow(&knobs->envelope_out, unevened(knobs, knobs->dry + first + at, samples + at, still));
    const int32_t to = level_at(knobs, (int32_t)((first + at) / GRIT_SNAPSHOT_STEP) + 1);
    /* An attack is met at once, not after it has passed. */
    if (knobs->level == NO_LEVEL || (rises && knobs->dynamics_to > 0 && to < knobs->level)) knobs->level = to;
    tilted(knobs, still, to, samples + at);
  }
}
