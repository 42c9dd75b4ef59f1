#include "sound/instrument.h"

#include <string.h>

_Static_assert(GRIT_MAX_POSITION <= GRIT_LINK_POSITION_COUNT, "a model's position must fit into a message");

static bool is_snapshot(const grit_instrument_t *instrument) {
  return instrument->model.film == NULL;
}

static bool is_bent(const grit_instrument_t *instrument) {
  return instrument->bend.kind != GRIT_BEND_NONE;
}

size_t grit_instrument_numbers(const grit_instrument_t *instrument) {
  return is_snapshot(instrument) ? GRIT_SNAPSHOT_KNOBS : instrument->model.position_count;
}

static const int16_t *default_of(const grit_instrument_t *instrument, bool knobs) {
  static const int16_t middles[GRIT_SNAPSHOT_KNOBS];
  return knobs ? middles : instrument->model.header->default_position;
}

const int16_t *grit_instrument_default(const grit_instrument_t *instrument) {
  return default_of(instrument, is_snapshot(instrument) || is_bent(instrument));
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
  return grit_instrument_open_at(instrument, blob, blob_bytes, memory, NULL);
}

/* From the end of the memory that a bend's state lies in. */
static grit_bend_state_t *take_bend(grit_engine_memory_t *memory) {
  grit_region_t *region = memory->slow.bytes > 0 ? &memory->slow : &memory->fast;
  if (region->bytes < GRIT_BEND_STATE_BYTES) return NULL;
  region->bytes -= GRIT_BEND_STATE_BYTES;
  return (grit_bend_state_t *)(void *)(region->at + region->bytes);
}

bool grit_instrument_open_at(grit_instrument_t *instrument, const void *blob, size_t blob_bytes,
                             const grit_engine_memory_t *memory, const grit_place_t *place) {
  memset(instrument, 0, sizeof *instrument);
  instrument->status = grit_model_open(&instrument->model, blob, blob_bytes);
  if (instrument->status != GRIT_OK) return false;
  instrument->state_bytes = grit_engine_state_bytes(&instrument->model);
  grit_engine_memory_t rest_of_it = *memory;
  const bool bends = place != NULL && place->bend != GRIT_BEND_NONE;
  grit_bend_state_t *state = bends ? take_bend(&rest_of_it) : NULL;
  instrument->engine = grit_engine_open_in(&instrument->model, &rest_of_it, NULL);
  const size_t numbers = grit_instrument_numbers(instrument);
  const int16_t *rest = default_of(instrument, is_snapshot(instrument));
  grit_bend_open(&instrument->bend, bends ? place->bend : (uint8_t)GRIT_BEND_NONE, &instrument->model, state);
  for (size_t i = 0; i < numbers; i++)
    instrument->under[i] = place != NULL && i < place->count ? place->position[i] : rest[i];
  instrument->position_count = (uint16_t)(is_bent(instrument) ? GRIT_BEND_KNOBS : numbers);
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
  const int16_t *at = is_bent(instrument) ? instrument->under : position;
  if (is_bent(instrument)) grit_bend_release(&instrument->bend, instrument->engine);
  grit_engine_reset(instrument->engine, at);
  if (!is_snapshot(instrument) && !is_bent(instrument)) return;
  const int16_t rest = network_rest(instrument);
  if (is_bent(instrument)) grit_bend_restart(&instrument->bend, position, rest);
  instrument->rest = rest;
  if (is_snapshot(instrument)) {
    grit_snapshot_knobs_restart(&instrument->knobs, at, rest);
    instrument->rest = grit_impulse_restart(&instrument->impulse, rest); /* no knob moves it */
  }
  grit_engine_reset(instrument->engine, at);
}

int16_t grit_instrument_rest(grit_instrument_t *instrument) {
  return is_snapshot(instrument) || is_bent(instrument) ? instrument->rest : network_rest(instrument);
}

/* From a block's beginning: where it is played. */
static void begin_block(grit_instrument_t *instrument) {
  instrument->moved = grit_glide_step(&instrument->glide) && !is_snapshot(instrument) && !is_bent(instrument);
  if (is_bent(instrument)) grit_bend_begin(&instrument->bend, instrument->engine, instrument->glide.current);
  if (is_snapshot(instrument)) /* whose rest no knob moves */
    grit_snapshot_knobs_begin(&instrument->knobs, is_bent(instrument) ? instrument->under : instrument->glide.current);
  else if (instrument->moved)
    grit_engine_set_position(instrument->engine, instrument->glide.current);
}

static void play_network(grit_instrument_t *instrument, size_t first, const int16_t *in, int16_t *out, size_t frames) {
  if (is_bent(instrument))
    grit_bend_process(&instrument->bend, instrument->engine, in, out, first, frames);
  else
    grit_engine_process(instrument->engine, in, out, frames);
}

static void play(grit_instrument_t *instrument, size_t first, const int16_t *in, int16_t *out, size_t frames) {
  if (!is_snapshot(instrument)) {
    play_network(instrument, first, in, out, frames);
    return;
  }
  play_network(instrument, first, grit_snapshot_knobs_input(&instrument->knobs, in, out, first, frames), out, frames);
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
