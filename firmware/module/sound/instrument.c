#include "sound/instrument.h"

#include <string.h>

_Static_assert(GRIT_MAX_POSITION <= GRIT_LINK_POSITION_COUNT, "a model's position must fit into a message");

bool grit_instrument_open(grit_instrument_t *instrument, const void *blob, size_t blob_bytes, void *arena,
                          size_t arena_bytes) {
  memset(instrument, 0, sizeof *instrument);
  instrument->status = grit_model_open(&instrument->model, blob, blob_bytes);
  if (instrument->status != GRIT_OK) return false;
  instrument->state_bytes = grit_engine_state_bytes(&instrument->model);
  instrument->engine = grit_engine_open(&instrument->model, arena, arena_bytes, NULL);
  grit_glide_start(&instrument->glide, instrument->model.header->default_position, instrument->model.position_count);
  return instrument->engine != NULL;
}

void grit_instrument_restart(grit_instrument_t *instrument, const int16_t *position) {
  if (instrument->engine == NULL) return;
  if (position == NULL) position = instrument->model.header->default_position;
  grit_glide_start(&instrument->glide, position, instrument->model.position_count);
  grit_engine_reset(instrument->engine, position);
}

void grit_instrument_piece(grit_instrument_t *instrument, size_t piece, const int16_t *in, int16_t *out) {
  if (piece == 0 && grit_glide_step(&instrument->glide)) {
    grit_engine_set_position(instrument->engine, instrument->glide.current);
  }
  grit_engine_process(instrument->engine, in, out, GRIT_AUDIO_FRAMES);
}

void grit_instrument_process(grit_instrument_t *instrument, const int16_t *in, int16_t *out) {
  if (grit_glide_step(&instrument->glide)) grit_engine_set_position(instrument->engine, instrument->glide.current);
  grit_engine_process(instrument->engine, in, out, GRIT_LINK_BLOCK_FRAMES);
}

void grit_instrument_play(grit_instrument_t *instrument, const int16_t *in, int16_t *out) {
  if (instrument->engine == NULL) {
    memset(out, 0, GRIT_LINK_BLOCK_FRAMES * sizeof *out);
    return;
  }
  grit_instrument_process(instrument, in, out);
  int32_t gain = (int32_t)1 << instrument->model.output_shift;
  for (size_t i = 0; i < GRIT_LINK_BLOCK_FRAMES; i++) {
    int32_t sample = out[i] * gain; /* output_shift is at most 15: no overflow */
    if (sample > INT16_MAX) sample = INT16_MAX;
    if (sample < INT16_MIN) sample = INT16_MIN;
    out[i] = (int16_t)sample;
  }
}
