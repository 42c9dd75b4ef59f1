#include "sound/instrument.h"

#include <string.h>

_Static_assert(GRIT_MAX_POSITION <= GRIT_LINK_POSITION_COUNT, "a model's position must fit into a message");

bool grit_instrument_open(grit_instrument_t *instrument, const void *blob, size_t blob_bytes,
                          const grit_engine_memory_t *memory) {
  memset(instrument, 0, sizeof *instrument);
  instrument->status = grit_model_open(&instrument->model, blob, blob_bytes);
  if (instrument->status != GRIT_OK) return false;
  instrument->state_bytes = grit_engine_state_bytes(&instrument->model);
  instrument->engine = grit_engine_open_in(&instrument->model, memory, NULL);
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
