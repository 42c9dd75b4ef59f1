/* Fades a voice out while its position moves over silence. Layers that still hold what they heard at the old place meet
 * the new one's weights, so that a moving position is heard as a slow wave where nothing is played. A note opens within
 * eight frames; what a note leaves in the network is never cut; where nothing moves nothing is changed. */
#ifndef GRITSPACE_HUSH_H
#define GRITSPACE_HUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRIT_HUSH_UNITY 4096
#define GRIT_HUSH_LOUD 16            /* -66 dBFS: at and above this the engine's input is no silence */
#define GRIT_HUSH_SETTLE_FRAMES 8192 /* after the last move: eight times the DC blocker's memory */
#define GRIT_HUSH_FRAMES 8u          /* that are looked at together, in any build */
#define GRIT_HUSH_OPEN_STEP 512      /* of the gain, a frame: open within GRIT_HUSH_FRAMES for what is played */

typedef struct {
  int32_t gain;           /* 0..GRIT_HUSH_UNITY */
  int32_t step;           /* of the gain, a frame: down, or up slowly, in 85 ms; for a note at once */
  uint32_t quiet_frames;  /* since something was played, up to what the network remembers */
  uint32_t moving_frames; /* for which a move counts yet */
} grit_hush_t;

static inline void grit_hush_start(grit_hush_t *hush) {
  *hush = (grit_hush_t){GRIT_HUSH_UNITY, 1, 0u, 0u};
}

/* What the engine hears in the next GRIT_HUSH_FRAMES. moved: a block begins, and the position has moved in it.
 * memory_frames: how far back the network hears. */
static inline void grit_hush_listen(grit_hush_t *hush, const int16_t *in, bool moved, uint32_t memory_frames) {
  const uint32_t frames = GRIT_HUSH_FRAMES;
  int32_t peak = 0;
  for (uint32_t i = 0; i < frames; i++) {
    const int32_t loud = in[i] < 0 ? -in[i] : in[i];
    if (loud > peak) peak = loud;
  }
  hush->quiet_frames = peak >= GRIT_HUSH_LOUD ? 0u : hush->quiet_frames + frames;
  if (hush->quiet_frames > memory_frames) hush->quiet_frames = memory_frames;
  if (moved)
    hush->moving_frames = memory_frames + GRIT_HUSH_SETTLE_FRAMES;
  else
    hush->moving_frames -= hush->moving_frames < frames ? hush->moving_frames : frames;
  if (hush->quiet_frames < memory_frames)
    hush->step = GRIT_HUSH_OPEN_STEP;
  else
    hush->step = hush->moving_frames > 0u ? -1 : 1;
}

/* Nothing is faded, and nothing will be until it listens again. */
static inline bool grit_hush_is_open(const grit_hush_t *hush) {
  return hush->gain == GRIT_HUSH_UNITY && hush->step > 0;
}

/* sample: at most 2^18 to either side. */
static inline int32_t grit_hush(grit_hush_t *hush, int32_t sample) {
  hush->gain += hush->step;
  if (hush->gain < 0) hush->gain = 0;
  if (hush->gain >= GRIT_HUSH_UNITY) {
    hush->gain = GRIT_HUSH_UNITY;
    return sample;
  }
  return (sample * hush->gain + GRIT_HUSH_UNITY / 2) >> 12;
}

#endif
