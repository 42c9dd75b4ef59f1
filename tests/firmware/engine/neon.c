/* Plays a model on noise and says a hash of each 64 frames of it, for test_kernels_neon.py. Arguments: model, blocks;
 * another one, which the first is on its way to and back. */
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "morph.h"

#define BLOCK 64

static int open_model(grit_model_t *model, uint32_t *blob, size_t most, const char *path) {
  FILE *file = fopen(path, "rb");
  const size_t bytes = file == NULL ? 0 : fread(blob, 1, most, file);
  if (file != NULL) fclose(file);
  return grit_model_open(model, blob, bytes) == GRIT_OK;
}

int main(int count, char **words) {
  static uint32_t blob[1 << 16], other[1 << 16];
  static grit_model_t model, second;
  grit_morph_t morph = {NULL};
  if (count < 3 || !open_model(&model, blob, sizeof blob, words[1])) return 1;
  const size_t state = (grit_engine_state_bytes(&model) + 63u) / 64u * 64u;
  void *arena = aligned_alloc(64, state);
  grit_engine_t *engine = arena == NULL ? NULL : grit_engine_open(&model, arena, state, NULL);
  if (engine == NULL) return 1;
  if (count > 3) {
    if (!open_model(&second, other, sizeof other, words[3]) || grit_morph_check(&model, &second) != GRIT_OK) return 1;
    grit_morph_open(&morph, engine, &second, GRIT_MORPH_LEAST);
    grit_engine_reset(engine, NULL);
  }
  uint32_t noise = 1;
  for (int left = atoi(words[2]); left > 0; left--) {
    int16_t in[BLOCK], out[BLOCK];
    uint32_t hash = 0;
    for (int i = 0; i < BLOCK; i++) {
      noise = noise * 1664525u + 1013904223u;
      in[i] = (int16_t)((int32_t)(noise >> 16) - 32768);
    }
    if (morph.engine != NULL) grit_morph_step(&morph, GRIT_MORPH_LEAST + (int32_t)(noise >> 16) % 410);
    grit_engine_process(engine, in, out, BLOCK);
    for (int i = 0; i < BLOCK; i++) hash = hash * 31u + (uint16_t)out[i];
    printf("%08x\n", (unsigned)hash);
  }
  free(arena);
  return 0;
}
