#include "sound/bends.h"

#include <string.h>

#include "arithmetic.h"
#include "panel/knob_curves.h"
#include "sound/snapshot_knobs.h"

#define FRAMES ((int32_t)GRIT_LINK_BLOCK_FRAMES)
#define UNITY GRIT_UNITY_Q16
#define SLOPE_BITS 8
#define HELD_SHIFT 3   /* an eighth of the way */
#define INTO_OCTAVES 3 /* slope's third knob */
#define BIAS_SHIFT 2   /* its fourth: to a quarter of full scale */

static int32_t amount(int32_t way) {
  return way < 0 ? -way : way;
}

void grit_bend_open(grit_bend_t *bend, uint8_t kind, const grit_model_t *model, grit_bend_state_t *state) {
  memset(bend, 0, sizeof *bend);
  bend->kind = kind < GRIT_BENDS && state != NULL ? kind : (uint8_t)GRIT_BEND_NONE;
  bend->as = state;
  bend->holdable = grit_engine_holdable(model);
  if (bend->kind == GRIT_BEND_NONE) return;
  const grit_header_t *header = model->header;
  const uint64_t at = ((uint64_t)header->metadata + header->metadata_bytes + 3u) & ~UINT64_C(3);
  grit_bend_fit_t fit;
  if (at + sizeof fit > header->total_bytes) return;
  memcpy(&fit, model->blob + at, sizeof fit);
  bend->level.known = fit.magic == GRIT_BEND_MAGIC;
  memcpy(bend->level.curve, fit.curve, sizeof fit.curve);
}

void grit_bend_release(grit_bend_t *bend, grit_engine_t *engine) {
  static const int32_t trained[GRIT_BENT_ARRAYS];
  if (bend->kind == GRIT_BEND_SLOPE) grit_engine_bend_slopes(engine, &bend->as->slopes, trained);
  grit_engine_hold(engine, NULL);
}

static bool take_ways(grit_bend_t *bend, const int16_t turns[GRIT_BEND_KNOBS]) {
  bool any = false;
  for (unsigned i = 0; i < GRIT_BEND_KNOBS; i++) {
    bend->ways[i] = grit_snapshot_way(turns[i]);
    any |= bend->ways[i] != 0 && (i == 0 || bend->kind == GRIT_BEND_SLOPE);
  }
  return any;
}

/* The level that holds the loudness, Q16: a correction, log2 in Q16, of which there is more the farther out the first
 * knob is, or any of slope's. */
static int32_t level_of(const grit_bend_t *bend, int32_t correction) {
  const unsigned waking = bend->kind == GRIT_BEND_SLOPE ? GRIT_BEND_KNOBS : 1u;
  int32_t share = 0;
  for (unsigned i = 0; i < waking; i++) share = amount(bend->ways[i]) > share ? amount(bend->ways[i]) : share;
  if (share > 32768 >> HELD_SHIFT) share = 32768 >> HELD_SHIFT;
  return grit_exp2_q16((correction * (share >> 1)) >> (14 - HELD_SHIFT));
}

void grit_bend_restart(grit_bend_t *bend, const int16_t turns[GRIT_BEND_KNOBS], int16_t rest) {
  memset(bend->as, 0, sizeof *bend->as);
  bend->rest = rest;
  bend->moved = take_ways(bend, turns);
  bend->awake = false;
  bend->level_to = UNITY;
  bend->about_to = 0;
  grit_bend_level_restart(&bend->level);
  if (bend->kind == GRIT_BEND_RATE) grit_rate_wake(&bend->as->rate, rest);
}

static void hold(grit_bend_t *bend, grit_engine_t *engine) {
  const int32_t *ways = bend->ways;
  grit_hold_t *state = &bend->as->hold;
  if (!bend->awake || bend->holdable == 0u) {
    state->left = 0;
    grit_engine_hold(engine, NULL);
    return;
  }
  const uint32_t places = (uint32_t)(ways[1] + 32768) * bend->holdable >> 16;
  state->layer = places < bend->holdable ? places : bend->holdable - 1u;
  state->length = (uint32_t)(grit_exp2_q16(20 * amount(ways[0]) - 8 * UNITY) >> 8);
  state->fades = ways[0] < 0;
  state->mix = ways[2] < 0 ? 32768 + ways[2] : 32768 + ways[2] / 2 - (ways[2] == 32768);
  state->spread = (uint32_t)amount(ways[3]);
  grit_engine_hold(engine, state);
}

void grit_bend_begin(grit_bend_t *bend, grit_engine_t *engine, const int16_t turns[GRIT_BEND_KNOBS]) {
  const bool moved = bend->moved;
  bend->moved = take_ways(bend, turns);
  if (!bend->awake) grit_bend_level_restart(&bend->level);
  const int32_t correction = bend->awake ? grit_bend_level_end(&bend->level) : 0;
  bend->awake = moved || bend->moved;
  bend->about_from = bend->about_to;
  bend->about_to = bend->level.out.mean;
  bend->level_from = bend->level_to;
  bend->level_to = bend->moved ? level_of(bend, correction) : UNITY;
  switch (bend->kind) {
    case GRIT_BEND_SLOPE:
      grit_engine_bend_slopes(engine, &bend->as->slopes, bend->ways);
      break;
    case GRIT_BEND_HOLD:
      hold(bend, engine);
      break;
    case GRIT_BEND_FEEDBACK:
      grit_feedback_aim(&bend->as->feedback, bend->ways);
      break;
    default:
      grit_rate_aim(&bend->as->rate, bend->ways);
      break;
  }
}

/* What slope's third and fourth knob make of the input. */
static void into(const grit_bend_t *bend, const int16_t *in, int16_t *heard, size_t frames) {
  const int32_t gain = grit_exp2_q16(2 * INTO_OCTAVES * bend->ways[2]) >> 4, bias = bend->ways[3] >> BIAS_SHIFT;
  for (size_t i = 0; i < frames; i++) heard[i] = grit_saturate_word(((in[i] * gain) >> 12) + bias);
}

/* The level runs in a straight line, about what silence sounds like and the offset beside it. */
static void leveled(const grit_bend_t *bend, int16_t *samples, size_t first, size_t frames) {
  const int32_t step = (bend->level_to - bend->level_from) * (1 << SLOPE_BITS) / FRAMES;
  int32_t level = bend->level_from * (1 << SLOPE_BITS) + step * (int32_t)first;
  const int32_t drift = (bend->about_to - bend->about_from) / FRAMES;
  int32_t offset = bend->about_from + drift * (int32_t)first;
  for (size_t i = 0; i < frames; i++) {
    level += step;
    offset += drift;
    const int32_t about = bend->rest + (offset >> 8);
    const int64_t wide = (int64_t)(samples[i] - about) * (level >> SLOPE_BITS) + UNITY / 2;
    samples[i] = grit_saturate_word((int32_t)(wide >> 16) + about);
  }
}

void grit_bend_process(grit_bend_t *bend, grit_engine_t *engine, const int16_t *in, int16_t *out, size_t first,
                       size_t frames) {
  int16_t heard[GRIT_LINK_BLOCK_FRAMES];
  if (bend->awake && bend->level.known) grit_loudness_hear(&bend->level.in, in, 0, frames);
  if (bend->awake && bend->kind == GRIT_BEND_RATE) {
    grit_rate_process(&bend->as->rate, engine, in, out, frames);
  } else if (bend->awake && bend->kind != GRIT_BEND_HOLD) {
    if (bend->kind == GRIT_BEND_SLOPE)
      into(bend, in, heard, frames);
    else
      grit_feedback_input(&bend->as->feedback, in, heard, first, frames);
    grit_engine_process(engine, heard, out, frames);
  } else {
    grit_engine_process(engine, in, out, frames);
  }
  if (bend->kind == GRIT_BEND_FEEDBACK) grit_feedback_keep(&bend->as->feedback, out, bend->rest, frames);
  if (!bend->awake && bend->kind == GRIT_BEND_RATE) grit_rate_wake(&bend->as->rate, out[frames - 1u]);
  if (!bend->awake) return;
  if (bend->level.known) grit_loudness_hear(&bend->level.out, out, bend->rest, frames);
  leveled(bend, out, first, frames);
}
