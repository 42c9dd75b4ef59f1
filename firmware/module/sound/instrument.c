#include "sound/instrument.h"

#include <string.h>

_Static_assert(GRIT_MAX_POSITION <= GRIT_LINK_POSITION_COUNT, "a model's position must fit into a message");

static bool is_snapshot(const grit_instrument_t *instrument) {
  return instrument->model.film == NULL;
}

const int16_t *grit_instrument_default(const grit_instrument_t *instrument) {
  static const int16_t middles[GRIT_SNAPSHOT_KNOBS];
  return is_snapshot(instrument) ? middles : instrument->model.header->default_position;
}

/* What the network makes of silence; it starts in the state that silence leaves. */
static int16_t network_rest(grit_instrument_t *instrument) {
  const int16_t silence = 0;
  int16_t sample;
  grit_engine_process(instrument->engine, &silence, &sample, 1);
  return sample;
}

bool grit_instrument_open(grit_instrument_t *instrument, const void *blob, size_t blob_bytes,
                          const grit_engine_memory_t *memory) {
  memset(instrument, 0, sizeof *instrument);
  instrument->status = grit_model_open(&instrument->model, blob, blob_bytes);
  if (instrument->status != GRIT_OK) return false;
  instrument->state_bytes = grit_engine_state_bytes(&instrument->model);
  instrument->engine = grit_engine_open_in(&instrument->model, memory, NULL);
  instrument->position_count =
      is_snapshot(instrument) ? (uint16_t)GRIT_SNAPSHOT_KNOBS : instrument->model.position_count;
  if (is_snapshot(instrument)) {
    grit_snapshot_knobs_open(&instrument->knobs, instrument->model.header);
    grit_impulse_open(&instrument->impulse, instrument->model.blob, instrument->model.header);
  }
  grit_glide_start(&instrument->glide, grit_instrument_default(instrument), instrument->position_count);
  grit_instrument_restart(instrument, NULL);
  return instrument->engine != NULL;
}

void grit_instrument_restart(grit_instrument_t *instrument, const int16_t *position) {
  if (instrument->engine == NULL) return;
  if (position == NULL) position = grit_instrument_default(instrument);
  grit_glide_start(&instrument->glide, position, instrument->position_count);
  grit_engine_reset(instrument->engine, position);
  if (!is_snapshot(instrument)) return;
  const int16_t rest = network_rest(instrument);
  grit_snapshot_knobs_restart(&instrument->knobs, position, rest);
  instrument->rest = grit_impulse_restart(&instrument->impulse, rest); /* no knob moves it */
  grit_engine_reset(instrument->engine, position);
}

int16_t grit_instrument_rest(grit_instrument_t *instrument) {
  return is_snapshot(instrument) ? instrument->rest : network_rest(instrument);
}

/* From a block's beginning: where it is played. */
static void begin_block(grit_instrument_t *instrument) {
  instrument->moved = grit_glide_step(&instrument->glide) && !is_snapshot(instrument); /* whose rest no knob moves */
  if (is_snapshot(instrument))
    grit_snapshot_knobs_begin(&instrument->knobs, instrument->glide.current);
  else if (instrument->moved)
    grit_engine_set_position(instrument->engine, instrument->glide.current);
}

static void play(grit_instrument_t *instrument, size_t first, const int16_t *in, int16_t *out, size_t frames) {
  if (!is_snapshot(instrument)) {
    grit_engine_process(instrument->engine, in, out, frames);
    return;
  }
  grit_engine_process(instrument->engine, grit_snapshot_knobs_input(&instrument->knobs, in, out, first, frames), out,
                      frames);
  grit_snapshot_knobs_output(&instrument->knobs, out, first, frames);
  grit_impulse_process(&instrument->impulse, out, frames);
}

void grit_instrument_piece(grit_instrument_t *instrument, size_t piece, const int16_t *in, int16_t *out) {
  if (piece == 0) begin_block(instrument);
  play(instrument, piece * GRIT_AUDIO_FRAMES, in, out, GRIT_AUDIO_FRAMES);
}

void grit_instrument_process(grit_instrument_t *instrument, const int16_t *in, int16_t *out) {
  begin_block(instrument);
  play(instrument, 0, in, out, GRIT_LINK_BLOCK_FRAMES);
}
