/* Bends on any network under any turns, audio and levels, one after another: no undefined behaviour, the same sound in
 * whole blocks and in thirds, and the network itself once the knobs rest.
 *
 *   fuzz_bends MODEL.grit SEED BLOCKS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "any.h"
#include "engine.h"
#include "sound/bends.h"

#define FRAMES GRIT_LINK_BLOCK_FRAMES
#define KNOBS GRIT_BEND_KNOBS
#define MOST_BYTES (1u << 18)
#define ARENA_BYTES (1u << 20)

static _Alignas(8) uint8_t blob[MOST_BYTES], arenas[3][ARENA_BYTES];
static grit_model_t model;
static grit_engine_t *engines[3]; /* bent in whole blocks, in thirds; as it is */
static grit_bend_t bends[2];
static grit_bend_state_t states[2];

static void begin_anew(void) {
  int16_t turns[KNOBS], position[GRIT_MAX_POSITION];
  int8_t curve[GRIT_BEND_CURVE];
  const uint8_t kind = (uint8_t)(1u + any() % (GRIT_BENDS - 1u));
  for (unsigned i = 0; i < KNOBS; i++) turns[i] = any_turn();
  for (unsigned i = 0; i < GRIT_MAX_POSITION; i++) position[i] = any_turn();
  for (unsigned i = 0; i < GRIT_BEND_CURVE; i++) curve[i] = (int8_t)any();
  const int16_t silence = 0;
  int16_t rest = 0;
  for (unsigned e = 0; e < 3u; e++) {
    if (e < 2u) grit_bend_release(&bends[e], engines[e]);
    grit_engine_reset(engines[e], position);
    grit_engine_process(engines[e], &silence, &rest, 1);
    grit_engine_reset(engines[e], position);
    if (e == 2u) continue;
    grit_bend_open(&bends[e], kind, &model, &states[e]);
    memcpy(bends[e].level.curve, curve, sizeof curve);
    bends[e].level.known = (curve[0] & 3) != 0;
    grit_bend_restart(&bends[e], turns, rest);
  }
}

int main(int count, char **words) {
  if (count != 4) return 2;
  FILE *file = fopen(words[1], "rb");
  const size_t bytes = file == NULL ? 0 : fread(blob, 1, sizeof blob, file);
  if (file == NULL || fclose(file) != 0 || grit_model_open(&model, blob, bytes) != GRIT_OK) return 2;
  state = strtoull(words[2], NULL, 10);
  const unsigned long blocks = strtoul(words[3], NULL, 10);
  for (unsigned e = 0; e < 3u; e++) {
    engines[e] = grit_engine_open(&model, arenas[e], ARENA_BYTES, NULL);
    if (engines[e] == NULL) return 2;
  }
  begin_anew();
  int16_t turns[KNOBS] = {0}, peak = 0;
  uint32_t kind = 0;
  for (unsigned long block = 0; block < blocks; block++) {
    if (any() % 300u == 0) begin_anew();
    if (any() % 4u == 0) turns[any() % KNOBS] = any_turn();
    if (any() % 30u == 0) memset(turns, 0, sizeof turns);
    if (any() % 20u == 0) kind = any();
    int16_t in[FRAMES], out[3][FRAMES];
    for (unsigned i = 0; i < FRAMES; i++) in[i] = any_sample(kind);
    for (unsigned b = 0; b < 2u; b++) {
      const size_t frames = b == 0 ? FRAMES : 16u;
      grit_bend_begin(&bends[b], engines[b], turns);
      for (size_t at = 0; at < FRAMES; at += frames)
        grit_bend_process(&bends[b], engines[b], in + at, out[b] + at, at, frames);
    }
    if (memcmp(out[0], out[1], sizeof out[0]) != 0) {
      printf("block %lu: thirds differ from the whole\n", block);
      return 1;
    }
    for (unsigned i = 0; i < FRAMES; i++) peak = out[0][i] > peak ? out[0][i] : peak;
  }
  printf("%lu blocks, peak %d\n", blocks, peak);
  return 0;
}
