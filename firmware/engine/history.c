#include "history.h"

/* Silence's frame, just computed, was always there: fill the history with it. Twice as much each time: frame by frame
 * the longest histories, filled some times over when a model is opened, held a module's main loop for 40 ms. */
void grit_history_settle(const grit_history_t *history, const int16_t *frame, uintptr_t planes) {
  const uint32_t stored = grit_history_stored(history);
  const size_t channels = history->channels;
  if (stored == 0u) return;
  grit_history_copy(history->frames, frame, 1u, channels, planes);
  for (uint32_t done = 1; done < stored; done *= 2u)
    grit_history_copy(history->frames + done * channels, history->frames, grit_smaller(done, stored - done), channels,
                      planes);
}

/* In two planes a tile has two frames. */
static uint32_t whole_tiles(uint32_t frames, bool three) {
  return three ? (frames + 1u) & ~1u : (frames + GRIT_TILE_FRAMES - 1u) / GRIT_TILE_FRAMES * GRIT_TILE_FRAMES;
}

/* Aims one tap into a ring, or beyond it into the block, for frame `at` of the
 * block. Returns the frame up to which that is good. */
static uint32_t aim_tap(const grit_conv_t *conv, const grit_history_t *history, const int16_t *block, uint32_t tap,
                        uint32_t at) {
  const uint32_t lag = (conv->record->kernel - 1u - tap) * conv->record->dilation;
  const size_t channels = history->channels;
  if (lag <= at + GRIT_TWICE_FRAMES) {
    grit_kernel_aim(conv, tap, block - (size_t)lag * channels);
    return GRIT_CHUNK_FRAMES;
  }
  uint32_t index = history->next + history->length + at - lag;
  if (index >= history->length) index -= history->length;
  grit_kernel_aim(conv, tap, history->frames + ((ptrdiff_t)index - (ptrdiff_t)at) * (ptrdiff_t)channels);
  const uint32_t left = grit_smaller(lag - at - GRIT_TWICE_FRAMES, history->length - index);
  return left >= GRIT_CHUNK_FRAMES ? GRIT_CHUNK_FRAMES : at + whole_tiles(left, conv->three);
}

/* Aims a ring's taps for the first frame of the block, all but the last, which stands still. until[] says up to which
 * frame each one is good. None of them is in the block yet: a ring's dilation is longer than COPIED_FRAMES_PER_TAP.
 * Returns the frame up to which all are good. */
GRIT_FAST_CODE uint32_t grit_history_aim_all(const grit_conv_t *conv, const grit_history_t *history, uint8_t *until) {
  const int16_t *places[GRIT_MAX_KERNEL];
  const uint32_t others = conv->record->kernel - 1u, dilation = conv->record->dilation, length = history->length;
  uint32_t lag = others * dilation, index = history->next + length - lag, next = GRIT_CHUNK_FRAMES;
  for (uint32_t tap = 0; tap < others; tap++, lag -= dilation, index += dilation) {
    if (index >= length) index -= length;
    places[tap] = history->frames + (size_t)index * history->channels;
    const uint32_t left = grit_smaller(lag - GRIT_TWICE_FRAMES, length - index);
    const uint32_t good =
        left >= GRIT_CHUNK_FRAMES ? GRIT_CHUNK_FRAMES : grit_smaller(whole_tiles(left, conv->three), GRIT_CHUNK_FRAMES);
    until[tap] = (uint8_t)good;
    next = grit_smaller(next, good);
  }
  grit_kernel_aim_all(conv, places);
  return next;
}

/* Aims the taps of a ring whose time has come at frame `at`. until[], and what is returned: as above. */
GRIT_FAST_CODE uint32_t grit_history_aim_due(const grit_conv_t *conv, const grit_history_t *history,
                                             const int16_t *block, uint32_t at, uint8_t *until) {
  uint32_t next = GRIT_CHUNK_FRAMES;
  for (uint32_t tap = 0; tap + 1u < conv->record->kernel; tap++) {
    if (until[tap] == at) until[tap] = (uint8_t)grit_smaller(aim_tap(conv, history, block, tap, at), GRIT_CHUNK_FRAMES);
    next = grit_smaller(next, until[tap]);
  }
  return next;
}
