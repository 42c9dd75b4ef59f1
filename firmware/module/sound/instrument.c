#include "sound/instrument.h"

#include <string.h>

_Static_assert(GRIT_INSTRUMENT_FIRST_FRAMES % GRIT_GATE_FRAMES == 0, "as many as a gate looks at");
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

static size_t lines(size_t bytes) {
  return (bytes + 31u) & ~(size_t)31u;
}

/* What the first of two engines takes: it leaves room for the second one's core. */
static grit_engine_need_t first_need(const grit_instrument_t *instrument, size_t fast_bytes) {
  const size_t core = lines(grit_engine_core(&instrument->pair.model));
  const grit_engine_need_t need = grit_engine_need(&instrument->model, fast_bytes > core ? fast_bytes - core : 0u);
  return (grit_engine_need_t){lines(need.fast), lines(need.slow)};
}

grit_engine_need_t grit_instrument_need(const grit_instrument_t *instrument, size_t fast_bytes) {
  if (!grit_pair_has_two(&instrument->pair)) return grit_engine_need(&instrument->model, fast_bytes);
  fast_bytes &= ~(size_t)31u; /* so that what is found here is found again in just as much */
  const grit_engine_need_t first = first_need(instrument, fast_bytes);
  const grit_engine_need_t second = grit_engine_need(&instrument->pair.model, fast_bytes - first.fast);
  return (grit_engine_need_t){first.fast + second.fast, first.slow + second.slow};
}

uint64_t grit_instrument_products(const grit_instrument_t *instrument) {
  const uint64_t products = grit_model_products(&instrument->model);
  return grit_pair_has_two(&instrument->pair) ? products + grit_model_products(&instrument->pair.model) : products;
}

/* The first bytes of a region; what is left stays. */
static grit_region_t cut(grit_region_t *region, size_t bytes) {
  if (bytes > region->bytes) bytes = region->bytes;
  const grit_region_t piece = {region->at, bytes};
  if (bytes > 0u) *region = (grit_region_t){region->at + bytes, region->bytes - bytes};
  return piece;
}

/* The engine, or both: the same plans as grit_instrument_need's. */
static void open_engines(grit_instrument_t *instrument, grit_engine_memory_t *memory) {
  grit_pair_t *pair = &instrument->pair;
  grit_engine_memory_t first = *memory;
  const bool two = grit_pair_has_two(pair);
  if (two) {
    const grit_engine_need_t need = first_need(instrument, memory->fast.bytes);
    first = (grit_engine_memory_t){cut(&memory->fast, need.fast), cut(&memory->slow, need.slow)};
  }
  instrument->engine = grit_engine_open_in(&instrument->model, &first, NULL);
  grit_pair_begin_morph(pair, instrument->engine);
  if (!two) return;
  pair->engine = grit_engine_open_in(&pair->model, memory, NULL);
  if (pair->engine == NULL) instrument->engine = NULL;
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
  if (instrument->status == GRIT_OK) instrument->status = grit_pair_find(&instrument->pair, &instrument->model);
  if (instrument->status != GRIT_OK) return false;
  instrument->state_bytes = grit_instrument_need(instrument, SIZE_MAX).fast;
  grit_engine_memory_t rest_of_it = *memory;
  const bool bends = place != NULL && place->bend != GRIT_BEND_NONE;
  grit_bend_state_t *state = bends ? take_bend(&rest_of_it) : NULL;
  open_engines(instrument, &rest_of_it);
  const size_t numbers = grit_instrument_numbers(instrument);
  const int16_t *rest = default_of(instrument, is_snapshot(instrument));
  grit_bend_open(&instrument->bend, bends ? place->bend : (uint8_t)GRIT_BEND_NONE, &instrument->model, state);
  for (size_t i = 0; i < numbers; i++)
    instrument->under[i] = place != NULL && i < place->count ? place->position[i] : rest[i];
  instrument->position_count = (uint16_t)(is_bent(instrument) ? GRIT_BEND_KNOBS : numbers);
  if (is_snapshot(instrument)) {
    grit_snapshot_knobs_open(&instrument->knobs, instrument->model.header);
    instrument->knobs.level_only = instrument->pair.kind == GRIT_PAIR_MORPH;
  }
  grit_impulse_open(&instrument->impulse, instrument->model.blob, instrument->model.header);
  grit_gate_open(&instrument->gate, place != NULL ? place->gate : 0u);
  grit_glide_start(&instrument->glide, grit_instrument_default(instrument), instrument->position_count);
  grit_instrument_restart(instrument, NULL);
  return instrument->engine != NULL;
}

/* What comes out in silence is known since the restart. */
static bool has_rest(const grit_instrument_t *instrument) {
  return is_snapshot(instrument) || is_bent(instrument) || instrument->impulse.count != 0u;
}

/* Whether the first knob leads from one capture to another. */
static bool leads(const grit_instrument_t *instrument) {
  return instrument->pair.kind == GRIT_PAIR_CROSSFADE || instrument->pair.kind == GRIT_PAIR_MORPH;
}

/* A snapshot's knobs: where the first one fades between two captures, drive rests. */
static const int16_t *turns_of(const grit_instrument_t *instrument, const int16_t *at,
                               int16_t turns[GRIT_SNAPSHOT_KNOBS]) {
  if (instrument->pair.kind != GRIT_PAIR_CROSSFADE) return at;
  memcpy(turns, at, GRIT_SNAPSHOT_KNOBS * sizeof *turns);
  turns[0] = 0;
  return turns;
}

void grit_instrument_restart(grit_instrument_t *instrument, const int16_t *position) {
  if (instrument->engine == NULL) return;
  if (position == NULL) position = grit_instrument_default(instrument);
  grit_glide_start(&instrument->glide, position, instrument->position_count);
  grit_gate_restart(&instrument->gate);
  const int16_t *at = is_bent(instrument) ? instrument->under : position;
  if (is_bent(instrument)) grit_bend_release(&instrument->bend, instrument->engine);
  grit_pair_place(&instrument->pair, at[0]);
  grit_engine_reset(instrument->engine, at);
  if (!has_rest(instrument)) return;
  int16_t rest = network_rest(instrument);
  if (is_bent(instrument)) grit_bend_restart(&instrument->bend, position, rest);
  if (is_snapshot(instrument)) {
    rest = grit_pair_restart(&instrument->pair, at[0], rest);
    int16_t turns[GRIT_SNAPSHOT_KNOBS];
    grit_snapshot_knobs_restart(&instrument->knobs, turns_of(instrument, at, turns), rest);
  }
  instrument->rest = grit_impulse_restart(&instrument->impulse, rest); /* no knob moves it */
  grit_engine_reset(instrument->engine, at);
}

int16_t grit_instrument_rest(grit_instrument_t *instrument) {
  return has_rest(instrument) ? instrument->rest : network_rest(instrument);
}

/* From a block's beginning: where it is played. */
static void begin_block(grit_instrument_t *instrument) {
  instrument->moved = grit_glide_step(&instrument->glide) && !is_bent(instrument) &&
                      (!is_snapshot(instrument) || instrument->pair.kind == GRIT_PAIR_MORPH);
  if (is_bent(instrument)) grit_bend_begin(&instrument->bend, instrument->engine, instrument->glide.current);
  if (is_snapshot(instrument)) { /* whose rest no knob moves */
    const int16_t *at = is_bent(instrument) ? instrument->under : instrument->glide.current;
    int16_t turns[GRIT_SNAPSHOT_KNOBS];
    grit_snapshot_knobs_begin(&instrument->knobs, turns_of(instrument, at, turns));
    if (leads(instrument)) grit_pair_begin(&instrument->pair, at[0]);
  } else if (instrument->moved) {
    grit_engine_set_position(instrument->engine, instrument->glide.current);
  }
}

static void play_network(grit_instrument_t *instrument, size_t first, const int16_t *in, int16_t *out, size_t frames) {
  if (is_bent(instrument))
    grit_bend_process(&instrument->bend, instrument->engine, in, out, first, frames);
  else
    grit_engine_process(instrument->engine, in, out, frames);
}

static void play_pair(grit_instrument_t *instrument, size_t first, const int16_t *in, int16_t *out, size_t frames) {
  int16_t heard[GRIT_LINK_BLOCK_FRAMES];
  memcpy(heard, in, frames * sizeof *heard); /* in may be out */
  play_network(instrument, first, heard, out, frames);
  grit_pair_process(&instrument->pair, heard, out, first, frames);
}

static void play_snapshot(grit_instrument_t *instrument, size_t first, const int16_t *in, int16_t *out, size_t frames) {
  const int16_t *heard = grit_snapshot_knobs_input(&instrument->knobs, in, out, first, frames);
  if (grit_pair_has_two(&instrument->pair))
    play_pair(instrument, first, heard, out, frames);
  else
    play_network(instrument, first, heard, out, frames);
  grit_snapshot_knobs_output(&instrument->knobs, out, first, frames);
}

static void play(grit_instrument_t *instrument, size_t first, const int16_t *in, int16_t *out, size_t frames) {
  int16_t gated[GRIT_LINK_BLOCK_FRAMES];
  if (instrument->gate.decibels != 0u) {
    grit_gate_process(&instrument->gate, in, gated, frames);
    in = gated;
  }
  if (is_snapshot(instrument))
    play_snapshot(instrument, first, in, out, frames);
  else
    play_network(instrument, first, in, out, frames);
  grit_impulse_process(&instrument->impulse, out, frames);
}

void grit_instrument_try(grit_instrument_t *instrument, const int16_t *in, int16_t *out) {
  play(instrument, 0, in, out, GRIT_INSTRUMENT_FIRST_FRAMES);
}

GRIT_FAST_CODE void grit_instrument_piece(grit_instrument_t *instrument, size_t piece, const int16_t *in,
                                          int16_t *out) {
  if (piece == 0) begin_block(instrument);
  play(instrument, piece * GRIT_AUDIO_FRAMES, in, out, GRIT_AUDIO_FRAMES);
}

void grit_instrument_process(grit_instrument_t *instrument, const int16_t *in, int16_t *out) {
  begin_block(instrument);
  play(instrument, 0, in, out, GRIT_LINK_BLOCK_FRAMES);
}
