/* A snapshot's knobs under any turns, any audio, any network and any fit: no undefined behaviour, nothing where the
 * knobs rest, the same sound in whole blocks and in thirds.
 *
 *   fuzz_snapshot_knobs SEED BLOCKS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "any.h"
#include "sound/snapshot_knobs.h"

#define FRAMES GRIT_LINK_BLOCK_FRAMES
#define KNOBS GRIT_SNAPSHOT_KNOBS

static void open(grit_snapshot_knobs_t knobs[2]) {
  grit_header_t header;
  memset(&header, 0, sizeof header);
  for (unsigned i = 0; i < 16u; i++) header.default_position[i] = (int16_t)any();
  if (any() % 2u == 0) header.default_position[0] = 0;
  int16_t position[KNOBS];
  for (unsigned i = 0; i < KNOBS; i++) position[i] = any_turn();
  const int16_t rest = (int16_t)any();
  for (unsigned k = 0; k < 2u; k++) {
    grit_snapshot_knobs_open(&knobs[k], &header);
    grit_snapshot_knobs_restart(&knobs[k], position, rest);
  }
}

static void play(grit_snapshot_knobs_t *knobs, const int16_t *in, int16_t *heard, int16_t *samples, size_t frames) {
  for (size_t at = 0; at < FRAMES; at += frames) {
    const int16_t *driven = grit_snapshot_knobs_input(knobs, in + at, heard + at, at, frames);
    if (driven != heard + at) memcpy(heard + at, driven, frames * sizeof *heard);
    grit_snapshot_knobs_output(knobs, samples + at, at, frames);
  }
}

int main(int count, char **words) {
  if (count != 3) return 2;
  state = strtoull(words[1], NULL, 10);
  const unsigned long blocks = strtoul(words[2], NULL, 10);
  grit_snapshot_knobs_t knobs[2];
  open(knobs);
  int16_t position[KNOBS] = {0};
  unsigned resting = 0;
  uint32_t kind_in = 0, kind_out = 0;
  for (unsigned long block = 0; block < blocks; block++) {
    if (any() % 500u == 0) open(knobs), resting = 0;
    if (any() % 4u == 0) position[any() % KNOBS] = any_turn();
    if (any() % 30u == 0) memset(position, 0, sizeof position);
    if (any() % 20u == 0) kind_in = any(), kind_out = any();
    bool middles = true;
    for (unsigned i = 0; i < KNOBS; i++) middles &= position[i] <= 655 && position[i] >= -655;
    resting = middles ? resting + 1u : 0u;
    int16_t in[FRAMES], played[FRAMES], heard[2][FRAMES], out[2][FRAMES];
    for (unsigned i = 0; i < FRAMES; i++) in[i] = any_sample(kind_in), played[i] = any_sample(kind_out);
    for (unsigned k = 0; k < 2u; k++) {
      memcpy(out[k], played, sizeof played);
      grit_snapshot_knobs_begin(&knobs[k], position);
      play(&knobs[k], in, heard[k], out[k], k == 0 ? FRAMES : GRIT_SNAPSHOT_STEP);
    }
    if (memcmp(heard[0], heard[1], sizeof heard[0]) != 0 || memcmp(out[0], out[1], sizeof out[0]) != 0) {
      printf("block %lu: thirds differ from the whole\n", block);
      return 1;
    }
    if (resting > 1u && (memcmp(heard[0], in, sizeof in) != 0 || memcmp(out[0], played, sizeof played) != 0)) {
      printf("block %lu: something is done in the middles\n", block);
      return 1;
    }
  }
  printf("%lu blocks\n", blocks);
  return 0;
}
