#include "sound/bends.h"

#include <string.h>

#include "panel/knob_curves.h"
#include "sound/snapshot_knobs.h"

#define FRAMES ((int32_t)GRIT_LINK_BLOCK_FRAMES)
#define UNITY GRIT_UNITY_Q16
#define SLOPE_BITS 8
#define FIRST_POINTS 4        /* levels that are known to either side of the first knob's middle; of the others one */
#define HELD_MOST (4 * UNITY) /* 24 dB */
#define INTO_OCTAVES 3        /* slope's third knob */
#define BIAS_SHIFT 2          /* its fourth: to a quarter of full scale */

_Static_assert(GRIT_BEND_LEVELS == 2 * FIRST_POINTS + 2 * (GRIT_BEND_KNOBS - 1), "all knobs' levels");

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
  if (fit.magic == GRIT_BEND_MAGIC)
    memcpy(bend->levels, fit.levels + (bend->kind - 1u) * GRIT_BEND_LEVELS, sizeof bend->levels);
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

/* The level that holds the loudness, Q16. What the other knobs do grows with the first; slope's stand alone. */
static int32_t level_of(const grit_bend_t *bend) {
  const int32_t share = bend->kind == GRIT_BEND_SLOPE ? 32768 : amount(bend->ways[0]);
  int32_t sum = grit_snapshot_level(bend->levels, FIRST_POINTS, bend->ways[0]);
  for (unsigned i = 1; i < GRIT_BEND_KNOBS; i++) {
    const int32_t level = grit_snapshot_level(bend->levels + 2 * FIRST_POINTS + 2u * (i - 1u), 1, bend->ways[i]);
    sum += (level >> 4) * (share >> 4) >> 7;
  }
  if (sum > HELD_MOST) sum = HELD_MOST;
  if (sum < -HELD_MOST) sum = -HELD_MOST;
  return grit_exp2_q16(sum);
}

void grit_bend_restart(grit_bend_t *bend, const int16_t turns[GRIT_BEND_KNOBS], int16_t rest) {
  memset(bend->as, 0, sizeof *bend->as);
  bend->rest = rest;
  bend->moved = take_ways(bend, turns);
  bend->level_to = bend->moved ? level_of(bend) : UNITY;
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
  bend->awake = moved || bend->moved;
  bend->level_from = bend->level_to;
  bend->level_to = bend->moved ? level_of(bend) : UNITY;
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

static int16_t saturated(int32_t sample) {
  return (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
}

/* What slope's third and fourth knob make of the input. */
static void into(const grit_bend_t *bend, const int16_t *in, int16_t *heard, size_t frames) {
  const int32_t gain = grit_exp2_q16(2 * INTO_OCTAVES * bend->ways[2]) >> 4, bias = bend->ways[3] >> BIAS_SHIFT;
  for (size_t i = 0; i < frames; i++) heard[i] = saturated(((in[i] * gain) >> 12) + bias);
}

/* The level runs in a straight line, about what silence sounds like. */
static void leveled(const grit_bend_t *bend, int16_t *samples, size_t first, size_t frames) {
  const int32_t step = (bend->level_to - bend->level_from) * (1 << SLOPE_BITS) / FRAMES;
  int32_t level = bend->level_from * (1 << SLOPE_BITS) + step * (int32_t)first;
  for (size_t i = 0; i < frames; i++) {
    level += step;
    const int64_t wide = (int64_t)(samples[i] - bend->rest) * (level >> SLOPE_BITS) + UNITY / 2;
    samples[i] = saturated((int32_t)(wide >> 16) + bend->rest);
  }
}

void grit_bend_process(grit_bend_t *bend, grit_engine_t *engine, const int16_t *in, int16_t *out, size_t first,
                       size_t frames) {
  int16_t heard[GRIT_LINK_BLOCK_FRAMES];
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
  if (bend->awake) leveled(bend, out, first, frames);
}
