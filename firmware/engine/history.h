/* What a convolution looks back on, and how it is kept from chunk to chunk. What happens in every chunk of every layer
 * stands here, to be compiled into its one caller. */
#ifndef GRITSPACE_HISTORY_H
#define GRITSPACE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chunk.h"
#include "kernels.h"

/* A sliding history: its chunk stands right behind it, in memory of its own, and moves on with the audio until it has
 * gone as far as the history is long and this much further; then all begins anew in front, where the last frames stand
 * by then: each is copied there when it has been played, by so many samples at once. */
#define GRIT_SLIDE_FRAMES (3u * GRIT_CHUNK_FRAMES)
#define GRIT_COPIED_SAMPLES 16u
_Static_assert(GRIT_SLIDE_FRAMES >= GRIT_CHUNK_FRAMES + GRIT_COPIED_SAMPLES / 2u,
               "nothing is copied over what is still heard");

/* A tap that leaves a ring does so between two tiles of the kernels: the frames
 * it needs a little too long or too soon are there twice, behind a ring's end
 * and in front of the block. */
#define GRIT_TILE_FRAMES 3u
#define GRIT_TWICE_FRAMES (GRIT_TILE_FRAMES - 1u)

/* What a convolution looks back on: the `length` frames before the present
 * chunk, exactly as many as it needs. Short ones lie in order, oldest first,
 * and are copied in front of the chunk, so that every tap runs through
 * unbroken; long ones are a ring, `next` being the oldest frame, with its first
 * frames once more behind its end. */
typedef struct {
  int16_t *frames;
  int16_t *chunk; /* the present one */
  uint32_t length;
  uint32_t next;
  uint16_t channels;
  bool copied;
  bool slides; /* next: how far the chunk has moved on */
} grit_history_t;

static inline uint32_t grit_smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static inline uint32_t grit_larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

/* Frames of memory that one takes which does not slide. */
static inline uint32_t grit_history_stored(const grit_history_t *history) {
  return history->length + (history->copied ? 0u : GRIT_TWICE_FRAMES);
}

static inline uint32_t grit_history_slide_end(const grit_history_t *history) {
  return history->length + GRIT_SLIDE_FRAMES;
}

/* Where the chunk of a sliding history stands. */
static inline int16_t *grit_history_slid_chunk(const grit_history_t *history) {
  return history->frames + (size_t)(history->length + history->next) * history->channels;
}

/* planes, here and below: kernels.h. */
static inline void grit_history_copy(int16_t *to, const int16_t *from, size_t frames, size_t channels,
                                     uintptr_t planes) {
  if (planes != 0u)
    grit_three_copy(planes, to, from, frames);
  else
    grit_kernel_copy(to, from, frames * channels);
}

/* Silence's frame, just computed, was always there: fills the history with it. */
void grit_history_settle(const grit_history_t *history, const int16_t *frame, uintptr_t planes);

/* Puts the history where the taps look for it. */
static inline void grit_history_recall(const grit_history_t *history, int16_t *block, uintptr_t planes) {
  const size_t channels = history->channels;
  if (history->copied) {
    grit_history_copy(block - (size_t)history->length * channels, history->frames, history->length, channels, planes);
    return;
  }
  if (history->next >= GRIT_TWICE_FRAMES) {
    const int16_t *newest = history->frames + (size_t)(history->next - GRIT_TWICE_FRAMES) * channels;
    grit_history_copy(block - GRIT_TWICE_FRAMES * channels, newest, GRIT_TWICE_FRAMES, channels, planes);
    return;
  }
  for (uint32_t back = 1; back <= GRIT_TWICE_FRAMES; back++) {
    const uint32_t from = history->next >= back ? history->next - back : history->next + history->length - back;
    grit_history_copy(block - (size_t)back * channels, history->frames + (size_t)from * channels, 1u, channels, planes);
  }
}

/* Takes the block's frames into the history. */
static inline void grit_history_remember(grit_history_t *history, const int16_t *block, uint32_t frames,
                                         uintptr_t planes) {
  const size_t channels = history->channels;
  if (history->copied) {
    const int16_t *from = block + (size_t)frames * channels - (size_t)history->length * channels;
    grit_history_copy(history->frames, from, history->length, channels, planes);
    return;
  }
  const uint32_t first = grit_smaller(frames, history->length - history->next);
  grit_history_copy(history->frames + (size_t)history->next * channels, block, first, channels, planes);
  if (first < frames)
    grit_history_copy(history->frames, block + (size_t)first * channels, frames - first, channels, planes);
  if (first < frames || history->next < GRIT_TWICE_FRAMES)
    grit_history_copy(history->frames + (size_t)history->length * channels, history->frames, GRIT_TWICE_FRAMES,
                      channels, planes);
  history->next += frames;
  if (history->next >= history->length) history->next -= history->length;
}

/* A sliding history takes `frames` of its chunk. Somewhat more than needed is copied: what comes next stands there. */
static inline void grit_history_slide(grit_history_t *history, uint32_t frames) {
  const uint32_t channels = history->channels, end = grit_history_slide_end(history), next = history->next + frames;
  if (history->length + next > end) {
    const uint32_t from = grit_larger(history->length + history->next, end);
    const uint32_t samples = (history->length + next - from) * channels;
    grit_kernel_copy(history->frames + (size_t)(from - end) * channels, history->frames + (size_t)from * channels,
                     (samples + GRIT_COPIED_SAMPLES - 1u) / GRIT_COPIED_SAMPLES * GRIT_COPIED_SAMPLES);
  }
  history->next = next < end ? next : next - end;
  history->chunk = grit_history_slid_chunk(history);
}

/* Aims a ring's taps for the first frame of the block, all but the last, which stands still. until[] says up to which
 * frame each one is good. Returns the frame up to which all are good. */
uint32_t grit_history_aim_all(const grit_conv_t *conv, const grit_history_t *history, uint8_t *until);

/* Aims the taps of a ring whose time has come at frame `at`. until[], and what is returned: as above. */
uint32_t grit_history_aim_due(const grit_conv_t *conv, const grit_history_t *history, const int16_t *block, uint32_t at,
                              uint8_t *until);

#endif
