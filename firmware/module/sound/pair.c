#include "sound/pair.h"

#include <string.h>

#include "arithmetic.h"
#include "sound/around.h"
#include "sound/snapshot_knobs.h"

#define FRAMES ((int32_t)GRIT_LINK_BLOCK_FRAMES)
#define SHARE_BITS 15
#define SLOPE_BITS 8 /* behind Q15's */
#define HALF (1 << (SHARE_BITS - 1))

grit_status_t grit_pair_find(grit_pair_t *pair, const grit_model_t *first) {
  memset(pair, 0, sizeof *pair);
  if (first->film != NULL) return GRIT_OK;
  const grit_around_t around = grit_around_of(first->blob, first->header);
  if (around.pair == 0u) return GRIT_OK;
  const uint32_t total = first->header->total_bytes;
  if (around.pair > GRIT_PAIR_MORPH || around.first_shift > 15u) return GRIT_ERROR_UNSUPPORTED;
  if (around.second % 4u != 0u || around.second > total || around.second_bytes > total - around.second)
    return GRIT_ERROR_LAYOUT;
  const grit_status_t status = grit_model_open(&pair->model, first->blob + around.second, around.second_bytes);
  if (status != GRIT_OK) return status;
  if (pair->model.film != NULL) return GRIT_ERROR_UNSUPPORTED;
  pair->kind = (uint8_t)around.pair;
  pair->balance = around.balance_q12;
  if (pair->kind == GRIT_PAIR_SERIES) {
    pair->balance *= 1 << around.first_shift;
    return GRIT_OK;
  }
  if (pair->kind == GRIT_PAIR_MORPH) return grit_morph_check(first, &pair->model);
  if (around.first_shift > first->output_shift || pair->model.output_shift > first->output_shift)
    return GRIT_ERROR_LAYOUT;
  pair->first_down = (uint32_t)first->output_shift - around.first_shift;
  pair->second_down = (uint32_t)first->output_shift - pair->model.output_shift;
  return GRIT_OK;
}

/* Of the second: from none at the knob's left end to all at its right one. */
static int32_t share_of(int16_t turn) {
  return (grit_snapshot_way(turn) + 32768) >> 1;
}

/* From -0.3 to 1.3 in 256ths, half in the middle. */
static int32_t morph_of(int16_t turn) {
  return GRIT_MORPH_LEAST + (((grit_snapshot_way(turn) + 32768) * (GRIT_MORPH_MOST - GRIT_MORPH_LEAST)) >> 16);
}

void grit_pair_begin_morph(grit_pair_t *pair, grit_engine_t *engine) {
  if (pair->kind == GRIT_PAIR_MORPH && engine != NULL)
    grit_morph_open(&pair->morph, engine, &pair->model, GRIT_MORPH_ONE / 2);
}

void grit_pair_place(grit_pair_t *pair, int16_t turn) {
  if (pair->kind == GRIT_PAIR_MORPH) grit_morph_place(&pair->morph, morph_of(turn));
}

int16_t grit_pair_restart(grit_pair_t *pair, int16_t turn, int16_t rest_first) {
  const int16_t silence = 0;
  if (!grit_pair_has_two(pair)) return rest_first;
  pair->rest_first = rest_first;
  grit_engine_reset(pair->engine, NULL);
  grit_engine_process(pair->engine, &silence, &pair->rest_second, 1);
  grit_engine_reset(pair->engine, NULL);
  pair->share_to = share_of(turn);
  return pair->kind == GRIT_PAIR_SERIES ? pair->rest_second : 0;
}

void grit_pair_begin(grit_pair_t *pair, int16_t turn) {
  if (pair->kind == GRIT_PAIR_MORPH) {
    grit_morph_step(&pair->morph, morph_of(turn));
    return;
  }
  pair->share_from = pair->share_to;
  pair->share_to = share_of(turn);
}

static void in_series(grit_pair_t *pair, int16_t *played, size_t frames) {
  for (size_t i = 0; i < frames; i++)
    played[i] = grit_saturate(((int64_t)(played[i] - pair->rest_first) * pair->balance) >> 12);
  grit_engine_process(pair->engine, played, played, frames);
}

static void crossfaded(grit_pair_t *pair, const int16_t *heard, int16_t *played, size_t first, size_t frames) {
  int16_t other[GRIT_LINK_BLOCK_FRAMES];
  grit_engine_process(pair->engine, heard, other, frames);
  const int32_t step = (pair->share_to - pair->share_from) * (1 << SLOPE_BITS) / FRAMES;
  int32_t share = pair->share_from * (1 << SLOPE_BITS) + step * (int32_t)first;
  for (size_t i = 0; i < frames; i++) {
    share += step;
    const int32_t second = share >> SLOPE_BITS;
    const int64_t one = (int64_t)(played[i] - pair->rest_first) * ((1 << SHARE_BITS) - second);
    const int64_t two = (int64_t)(((other[i] - pair->rest_second) * pair->balance) >> 12) * second;
    played[i] = grit_saturate(((one >> pair->first_down) + (two >> pair->second_down) + HALF) >> SHARE_BITS);
  }
}

void grit_pair_process(grit_pair_t *pair, const int16_t *heard, int16_t *played, size_t first, size_t frames) {
  if (pair->kind == GRIT_PAIR_SERIES)
    in_series(pair, played, frames);
  else if (pair->kind == GRIT_PAIR_CROSSFADE)
    crossfaded(pair, heard, played, first, frames);
}
