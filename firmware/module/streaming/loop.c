#include "streaming/loop.h"

#include <string.h>

void grit_loop_stop(grit_loop_t *loop) {
  loop->running = false; /* from here on the audio interrupt keeps away */
  loop->next = loop->played = loop->late = 0;
}

bool grit_loop_put(grit_loop_t *loop, const uint8_t *samples) {
  uint32_t next = loop->next;
  if (next - loop->played >= GRIT_LOOP_BLOCKS) return false;
  memcpy(loop->out[next % GRIT_LOOP_BLOCKS], samples, sizeof loop->out[0]);
  loop->next = next + 1u;
  return true;
}

const int16_t *grit_loop_heard(const grit_loop_t *loop, uint32_t block) {
  uint32_t played = loop->played;
  if (block >= played || played - block > GRIT_LOOP_KEPT) return NULL;
  return loop->in[block % GRIT_LOOP_BLOCKS];
}

/* Whether the block that begins has something to play; notes a gap. */
static bool begin_block(grit_loop_t *loop) {
  const uint32_t block = loop->played, waiting = loop->next - block;
  if (waiting > 0 && (block > 0 || waiting >= GRIT_LOOP_START)) return true;
  if (block > 0) loop->late = loop->late + 1u;
  return false;
}

bool grit_loop_audio(grit_loop_t *loop, size_t piece, const int16_t *const in[2], int16_t *const out[2]) {
  const size_t bytes = GRIT_AUDIO_FRAMES * sizeof(int16_t), first = piece * GRIT_AUDIO_FRAMES;
  if (piece == 0) loop->holds = loop->running;
  if (!loop->running || !loop->holds) return false;
  if (piece == 0) loop->sounds = begin_block(loop);
  if (!loop->sounds) {
    for (unsigned c = 0; c < 2u; c++) memset(out[c], 0, bytes);
    return true;
  }
  const uint32_t block = loop->played;
  memcpy(loop->in[block % GRIT_LOOP_BLOCKS] + first, in[0], bytes);
  for (unsigned c = 0; c < 2u; c++) memcpy(out[c], loop->out[block % GRIT_LOOP_BLOCKS] + first, bytes);
  if (piece == GRIT_AUDIO_PIECES - 1u) loop->played = block + 1u;
  return true;
}
