/* Plays a model on noise and says a hash of each 64 frames of it, for test_kernels_neon.py. Arguments: model, blocks.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"

#define BLOCK 64

int main(int count, char **words) {
  static uint32_t blob[1 << 16];
  static grit_model_t model;
  FILE *file = count == 3 ? fopen(words[1], "rb") : NULL;
  const size_t bytes = file == NULL ? 0 : fread(blob, 1, sizeof blob, file);
  if (file != NULL) fclose(file);
  if (grit_model_open(&model, blob, bytes) != GRIT_OK) return 1;
  const size_t state = (grit_engine_state_bytes(&model) + 63u) / 64u * 64u;
  void *arena = aligned_alloc(64, state);
  grit_engine_t *engine = arena == NULL ? NULL : grit_engine_open(&model, arena, state, NULL);
  if (engine == NULL) return 1;
  uint32_t noise = 1;
  for (int left = atoi(words[2]); left > 0; left--) {
    int16_t in[BLOCK], out[BLOCK];
    uint32_t hash = 0;
    for (int i = 0; i < BLOCK; i++) {
      noise = noise * 1664525u + 1013904223u;
      in[i] = (int16_t)((int32_t)(noise >> 16) - 32768);
    }
    grit_engine_process(engine, in, out, BLOCK);
    for (int i = 0; i < BLOCK; i++) hash = hash * 31u + (uint16_t)out[i];
    printf("%08x\n", (unsigned)hash);
  }
  free(arena);
  return 0;
}
