#include "engine.h"

#include <stdbool.h>
#include <string.h>

#include "film.h"
#include "kernels.h"

#define CHUNK_FRAMES 48u /* most frames taken through the network at once: one millisecond */
#define RAMP_STEP_FRAMES (GRIT_RAMP_FRAMES / GRIT_RAMP_STEPS)
#define NO_STEP UINT32_MAX
_Static_assert(RAMP_STEP_FRAMES >= CHUNK_FRAMES, "a chunk has room for one ramp step");

/* Histories up to this many frames a tap are copied in front of the chunk; for
 * longer ones, cutting the chunk where a tap meets the ring's end costs less
 * than the copy. */
#define COPIED_FRAMES_PER_TAP 24u

/* A sliding history: its chunk stands right behind it, in memory of its own, and moves on with the audio until it has
 * gone as far as the history is long and this much further; then all begins anew in front, where the last frames stand
 * by then: each is copied there when it has been played, by so many samples at once. */
#define SLIDE_FRAMES (3u * CHUNK_FRAMES)
#define COPIED_SAMPLES 16u
_Static_assert(SLIDE_FRAMES >= CHUNK_FRAMES + COPIED_SAMPLES / 2u, "nothing is copied over what is still heard");

/* An array's layers have slots if layers times channels are no more than this: 6.5 KB. */
#define MOST_SLOT_CHANNELS 64u

/* Kept out of line, so that a profile tells layers apart
 * (quantize/cycles/trace.py reads their second argument). */
#define MARKED __attribute__((noinline))

/* A tap that leaves a ring does so between two tiles of the kernels: the frames
 * it needs a little too long or too soon are there twice, behind a ring's end
 * and in front of the block. */
#define TILE_FRAMES 3u
#define TWICE_FRAMES (TILE_FRAMES - 1u)
_Static_assert(COPIED_FRAMES_PER_TAP > TWICE_FRAMES, "a ring's taps begin in the ring");

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
} history_t;

typedef struct {
  grit_conv_t conv, residual;
  history_t history; /* of the residual stream as this layer sees it */
  int16_t *z;        /* where its outputs go */
} layer_t;

typedef struct {
  grit_conv_t rechannel, head;
  history_t history; /* of the narrowed skip sum */
  grit_slots_t slots;
  int16_t *out; /* where the head's outputs go */
} array_t;

struct grit_engine {
  const grit_model_t *model;
  array_t *arrays;
  layer_t *layers;
  /* Film rows, every layer's convolution's and then the last head's; a snapshot
   * has none. A ramp goes from start to target in steps. */
  int16_t *base, *start_multiplier, *target_multiplier;
  int32_t *start_bias, *target_bias;
  int16_t heading[GRIT_MAX_POSITION], wanted[GRIT_MAX_POSITION]; /* the ramp's target; the latest position set
                                                                  */
  uint32_t ramp_step;   /* taken so far; GRIT_RAMP_STEPS: the target is reached */
  uint32_t frames_left; /* until the next, or until another ramp may begin */
  uint32_t step_at;     /* frame of the present chunk at which a step is taken;
                           NO_STEP: none */
  uint32_t film_row;    /* where the next convolution's film rows stand */
  /* Scratch for one chunk. block: the stream, or a head's input; before it there
   * is room for the longest copied history. z: of even and of odd layers; then
   * z[0] what a head puts out, z[1] the next array's input. */
  int16_t *block, *pre, *z[2];
  int32_t *dry, *skips;
  int16_t *slots;      /* the arrays' in turn */
  int16_t *stage;      /* a stream shifted down, of a layer in one pass */
  uintptr_t planes;    /* layers run in two planes (kernels.h); 0: as usual */
  grit_skip_t waiting; /* a layer's outputs not yet in the skip sums: they go in
                          with the next one's. z NULL: none */
};

/* ---- laying out memory ------------------------------------------------------------------------------------------- */

typedef struct {
  uint8_t *base; /* NULL: only counting */
  size_t used;
  bool three;                                                                        /* layers run in two planes */
  uint32_t width, summed_width, gated_rows, copied_bytes, slot_samples, stage_width; /* what scratch needs */
} arena_t;

static uint32_t larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

static void *take(arena_t *arena, size_t bytes) {
  void *at = arena->base == NULL ? NULL : arena->base + arena->used;
  arena->used += (bytes + sizeof(void *) - 1u) & ~(sizeof(void *) - 1u);
  return at;
}

static int16_t *take_chunk(arena_t *arena, size_t channels) {
  return take(arena, (CHUNK_FRAMES + GRIT_SLACK_FRAMES) * channels * sizeof(int16_t));
}

static uint32_t history_of(const grit_convolution_t *conv) {
  return (conv->kernel - 1u) * conv->dilation;
}

static bool is_copied(const grit_convolution_t *conv) {
  return history_of(conv) <= COPIED_FRAMES_PER_TAP * conv->kernel || history_of(conv) < CHUNK_FRAMES;
}

static uint32_t stored_frames(const history_t *history) {
  return history->length + (history->copied ? 0u : TWICE_FRAMES);
}

static history_t take_history(arena_t *arena, const grit_convolution_t *conv, bool three) {
  history_t history = {NULL, NULL, history_of(conv), 0, conv->inputs, is_copied(conv), false};
  if (three) {
    history.channels = 2;
    history.length += history.length & 1u; /* so that a second plane's words stay words when copied */
  }
  const uint32_t in_front = history.copied ? history.length : TWICE_FRAMES;
  arena->copied_bytes = larger(arena->copied_bytes, in_front * history.channels * (uint32_t)sizeof(int16_t));
  history.frames = take(arena, (size_t)stored_frames(&history) * history.channels * sizeof(int16_t));
  return history;
}

static uint32_t slide_end(const history_t *history) {
  return history->length + SLIDE_FRAMES;
}

/* Where the chunk of a sliding history stands. */
static int16_t *slid_chunk(const history_t *history) {
  return history->frames + (size_t)(history->length + history->next) * history->channels;
}

/* Of a layer that runs in one pass. */
static history_t take_sliding_history(arena_t *arena, const grit_convolution_t *conv) {
  history_t history = {NULL, NULL, history_of(conv), 0, conv->inputs, true, true};
  const size_t frames = history.length + slide_end(&history) + CHUNK_FRAMES + GRIT_SLACK_FRAMES;
  history.frames = take(arena, (frames * history.channels + COPIED_SAMPLES) * sizeof(int16_t));
  return history;
}

/* What every chunk finds at the same place: all taps of a copied history, the
 * newest of a ring. */
static void aim_fixed(const grit_conv_t *conv, const history_t *history, const int16_t *block) {
  const uint32_t kernel = conv->record->kernel;
  for (uint32_t k = history->copied ? 0u : kernel - 1u; k < kernel; k++)
    grit_kernel_aim(conv, k, block - (size_t)(kernel - 1u - k) * conv->record->dilation * history->channels);
}

static grit_conv_t take_conv(arena_t *arena, const grit_model_t *model, const grit_convolution_t *record,
                             grit_use_t use, uint32_t slope, bool three) {
  grit_conv_t conv = {record, model->blob, NULL, (uint16_t)slope, (uint8_t)use, three};
  conv.prepared = take(arena, grit_kernel_prepared_bytes(&conv));
  if (arena->base == NULL) return conv;
  grit_kernel_prepare(&conv);
  const int32_t *bias = (const int32_t *)(const void *)(conv.blob + record->bias);
  const int16_t *multiplier = (const int16_t *)(const void *)(conv.blob + record->multiplier);
  const grit_ramp_t ramp = {bias, bias, multiplier, multiplier};
  grit_kernel_set_rows(&conv, &ramp, GRIT_RAMP_STEPS);
  return conv;
}

static void take_film_rows(arena_t *arena, grit_engine_t *engine, size_t rows) {
  engine->start_bias = take(arena, rows * sizeof(int32_t));
  engine->target_bias = take(arena, rows * sizeof(int32_t));
  engine->base = take(arena, rows * sizeof(int16_t));
  engine->start_multiplier = take(arena, rows * sizeof(int16_t));
  engine->target_multiplier = take(arena, rows * sizeof(int16_t));
}

static grit_use_t use_of(const grit_layer_t *layer) {
  return layer->activation == 2u && !layer->gated ? GRIT_TANH : GRIT_LINEAR;
}

static uint32_t slope_of(const grit_layer_t *layer) {
  return layer->activation == 1u && !layer->gated ? (uint32_t)layer->slope_q15 : GRIT_NO_SLOPE;
}

/* How many slots an array has: its layers', behind that of the head before it. None if they took more memory than
 * they are worth. */
static uint32_t slots_of(const grit_array_t *record, bool three) {
  const uint32_t used = (record->layer_count + (record->carry_weight == 0u ? 0u : 1u) + 1u) & ~1u;
  const uint32_t count = larger(used, 4u);
  return three || record->skip_shift < 2u || count * record->channels > MOST_SLOT_CHANNELS ? 0u : count;
}

static void set_slot_weights(const grit_slots_t *slots, uint32_t slot, const int8_t *weight, uint32_t channels) {
  for (uint32_t c = 0; c < channels; c++) slots->weights[c / 2u * 2u * slots->count + 2u * slot + c % 2u] = weight[c];
}

static grit_slots_t take_slots(arena_t *arena, const grit_model_t *model, const grit_array_t *record) {
  grit_slots_t slots = {NULL, NULL, slots_of(record, arena->three)};
  if (slots.count == 0u) return slots;
  slots.weights = take(arena, slots.count * record->channels * sizeof(int16_t));
  if (arena->base == NULL) return slots;
  uint32_t slot = 0;
  if (record->carry_weight != 0u)
    set_slot_weights(&slots, slot++, (const int8_t *)(model->blob + record->carry_weight), record->channels);
  for (uint32_t i = 0; i < record->layer_count; i++)
    set_slot_weights(&slots, slot++, (const int8_t *)(model->blob + model->layers[record->first_layer + i].skip_weight),
                     record->channels);
  return slots;
}

/* Whether an array's layers run in one pass each, but for a last one without a 1x1. They need slots. */
static bool runs_in_passes(const grit_model_t *model, const grit_array_t *record) {
  const uint32_t last = record->layer_count - 1u;
  for (uint32_t n = 0; n <= last; n++) {
    const grit_layer_t *layer = &model->layers[record->first_layer + n];
    if (!grit_kernel_passes(layer) && (n < last || layer->residual.rows != 0u)) return false;
  }
  return slots_of(record, false) != 0u;
}

static bool in_one_pass(const grit_model_t *model, uint32_t layer) {
  const grit_array_t *record = model->arrays;
  while (layer >= (uint32_t)record->first_layer + record->layer_count) record++;
  return model->layers[layer].residual.rows != 0u && runs_in_passes(model, record);
}

/* An array's convolutions. */
static void take_array(arena_t *arena, grit_engine_t *engine, uint32_t index) {
  const grit_model_t *model = engine->model;
  const grit_array_t *record = &model->arrays[index];
  array_t array;
  array.rechannel = take_conv(arena, model, &record->rechannel, GRIT_LINEAR, GRIT_NO_SLOPE, arena->three);
  array.head = take_conv(arena, model, &record->head, GRIT_LINEAR, GRIT_NO_SLOPE, false);
  array.history = take_history(arena, &record->head, false);
  array.slots = take_slots(arena, model, record);
  array.out = NULL;
  arena->width = larger(arena->width, record->channels);
  if (array.slots.count == 0u) arena->summed_width = larger(arena->summed_width, record->channels);
  arena->slot_samples = larger(arena->slot_samples, array.slots.count * GRIT_SLOT_FRAMES * record->channels);
  if (arena->base != NULL) engine->arrays[index] = array;
  for (uint32_t i = record->first_layer; i < (uint32_t)record->first_layer + record->layer_count; i++) {
    const grit_layer_t *from = &model->layers[i];
    layer_t layer;
    memset(&layer, 0, sizeof layer);
    const bool pass = in_one_pass(model, i);
    layer.conv = take_conv(arena, model, &from->conv, pass ? GRIT_LAYER : use_of(from), slope_of(from), arena->three);
    const grit_use_t use = pass ? GRIT_IN_LAYER : GRIT_ONTO_STREAM;
    if (from->residual.rows != 0u)
      layer.residual = take_conv(arena, model, &from->residual, use, GRIT_NO_SLOPE, arena->three);
    if (pass) arena->stage_width = larger(arena->stage_width, record->channels);
    if (from->gated) arena->gated_rows = larger(arena->gated_rows, from->conv.rows);
    if (arena->base != NULL) engine->layers[i] = layer;
  }
}

/* What layers hear and put out: the first plane, where there are two. Behind
 * everything else, because kernels read a little ahead of what they use. */
static void take_streams(arena_t *arena, grit_engine_t *engine) {
  const grit_model_t *model = engine->model;
  for (uint32_t i = 0; i < model->header->layer_count; i++) {
    const grit_convolution_t *conv = &model->layers[i].conv;
    const history_t history =
        in_one_pass(model, i) ? take_sliding_history(arena, conv) : take_history(arena, conv, arena->three);
    if (arena->base != NULL) engine->layers[i].history = history;
  }
  const uint32_t width = arena->three ? 2u : arena->width;
  take(arena, arena->copied_bytes);         /* in front of the block */
  engine->block = take_chunk(arena, width); /* in two planes, a head's input needs z[1]'s place, too */
  engine->z[1] = take_chunk(arena, width);
  engine->z[0] = take_chunk(arena, width);
  if (arena->stage_width != 0u) engine->stage = take_chunk(arena, arena->stage_width);
}

static void take_scratch(arena_t *arena, grit_engine_t *engine) {
  engine->pre = take_chunk(arena, arena->gated_rows);
  engine->dry = take(arena, CHUNK_FRAMES * sizeof(int32_t));
  engine->skips = take(arena, CHUNK_FRAMES * arena->summed_width * sizeof(int32_t));
  engine->slots = take(arena, arena->slot_samples * sizeof(int16_t));
  arena->used = (arena->used + 7u) & ~(size_t)7u; /* words in a second plane, too */
  const size_t from = arena->used;
  take_streams(arena, engine);
  if (!arena->three) return;
  const size_t second = arena->used;
  take(arena, (second - from) / 2u);
  if (arena->base != NULL) engine->planes = (uintptr_t)(arena->base + second) - (uintptr_t)(arena->base + from) / 2u;
}

/* Where layers find their stream. */
static void place_streams(const grit_engine_t *engine) {
  const grit_model_t *model = engine->model;
  for (uint32_t a = 0; a < model->header->array_count; a++) engine->arrays[a].history.chunk = engine->block;
  for (uint32_t i = 0; i < model->header->layer_count; i++) {
    history_t *history = &engine->layers[i].history;
    history->chunk = history->slides ? slid_chunk(history) : engine->block;
  }
}

static void aim_all_fixed(const grit_engine_t *engine) {
  const grit_header_t *header = engine->model->header;
  for (uint32_t i = 0; i < header->layer_count; i++)
    aim_fixed(&engine->layers[i].conv, &engine->layers[i].history, engine->layers[i].history.chunk);
  for (uint32_t a = 0; a < header->array_count; a++) {
    const array_t *array = &engine->arrays[a];
    aim_fixed(&array->head, &array->history, engine->block);
    if (!array->rechannel.three)
      grit_kernel_aim(&array->rechannel, 0, a == 0u ? (const int16_t *)(const void *)engine->dry : engine->block);
  }
}

/* Where layers and heads put out: into slots, or where the next one's reader looks. */
static void place_outputs(const grit_engine_t *engine) {
  const grit_header_t *header = engine->model->header;
  for (uint32_t a = 0; a < header->array_count; a++) {
    const grit_array_t *record = &engine->model->arrays[a];
    array_t *array = &engine->arrays[a];
    array->slots.z = engine->slots;
    array->out = a + 1u < header->array_count && array[1].slots.count != 0u ? engine->slots : engine->z[0];
    const size_t slot_samples = (size_t)GRIT_SLOT_FRAMES * record->channels;
    int16_t *slot = engine->slots + (a == 0u ? 0u : slot_samples);
    for (uint32_t n = 0; n < record->layer_count; n++, slot += slot_samples) {
      const uint32_t i = record->first_layer + n;
      engine->layers[i].z = array->slots.count != 0u ? slot : engine->z[i & 1u];
    }
  }
}

/* The one description of the engine's memory: counts it, or lays it out.
 * Returns the bytes. */
static GRIT_ONCE size_t lay_out(const grit_model_t *model, uint8_t *base, grit_engine_t **out) {
  const grit_header_t *header = model->header;
  arena_t arena = {base, 0, grit_three_fits(model), 0, 0, 0, 0, 0, 0};
  grit_engine_t counting;
  grit_engine_t *engine = take(&arena, sizeof(grit_engine_t));
  if (base == NULL) engine = &counting;
  memset(engine, 0, sizeof *engine);
  engine->model = model;
  if (model->film != NULL) take_film_rows(&arena, engine, header->film_rows);
  engine->arrays = take(&arena, header->array_count * sizeof(array_t));
  engine->layers = take(&arena, header->layer_count * sizeof(layer_t));
  for (uint32_t a = 0; a < header->array_count; a++) take_array(&arena, engine, a);
  take_scratch(&arena, engine);
  if (base != NULL) {
    place_outputs(engine);
    place_streams(engine);
    aim_all_fixed(engine);
    *out = engine;
  }
  return arena.used;
}

size_t grit_engine_state_bytes(const grit_model_t *model) {
  return lay_out(model, NULL, NULL);
}

grit_engine_t *grit_engine_open(const grit_model_t *model, void *arena, size_t arena_bytes, const int16_t *position) {
  if (arena == NULL || (uintptr_t)arena % 8u != 0u || arena_bytes < grit_engine_state_bytes(model)) return NULL;
  grit_engine_t *engine = NULL;
  memset(arena, 0, grit_engine_state_bytes(model));
  lay_out(model, arena, &engine);
  grit_engine_reset(engine, position);
  return engine;
}

/* ---- position ---------------------------------------------------------------------------------------------------- */

/* The film rows from `first` on. */
static grit_ramp_t ramp_from(const grit_engine_t *engine, uint32_t first) {
  const grit_ramp_t ramp = {engine->start_bias + first, engine->target_bias + first, engine->start_multiplier + first,
                            engine->target_multiplier + first};
  return ramp;
}

/* Hands a convolution's film rows, from `first` on, to the kernels. */
static void use_rows(const grit_engine_t *engine, const grit_conv_t *conv, uint32_t first, uint32_t step) {
  const grit_ramp_t ramp = ramp_from(engine, first);
  grit_kernel_set_rows(conv, &ramp, step);
}

/* The target's rows, everywhere. */
static void use_target(const grit_engine_t *engine) {
  const grit_header_t *header = engine->model->header;
  uint32_t row = 0;
  for (uint32_t i = 0; i < header->layer_count; i++) {
    use_rows(engine, &engine->layers[i].conv, row, GRIT_RAMP_STEPS);
    row += engine->layers[i].conv.record->rows;
  }
  use_rows(engine, &engine->arrays[header->array_count - 1u].head, row, GRIT_RAMP_STEPS);
}

/* The film rows' multipliers at gain 1, from the blob. */
static void set_base(grit_engine_t *engine) {
  const grit_header_t *header = engine->model->header;
  const uint8_t *blob = engine->model->blob;
  int16_t *base = engine->base;
  for (uint32_t i = 0; i < header->layer_count; i++) {
    const grit_convolution_t *conv = &engine->model->layers[i].conv;
    memcpy(base, blob + conv->multiplier, conv->rows * sizeof(int16_t));
    base += conv->rows;
  }
  memcpy(base, blob + engine->model->arrays[header->array_count - 1u].head.multiplier, sizeof(int16_t));
}

/* Evaluates the film rows of the position that is wanted, as a ramp's target.
 * Only for a model with a position. */
static void aim(grit_engine_t *engine) {
  const grit_model_t *model = engine->model;
  memcpy(engine->heading, engine->wanted, sizeof engine->heading);
  grit_film_evaluate(model, engine->heading, engine->base, engine->target_multiplier, engine->target_bias);
}

/* The last target, which is reached, is where the next ramp starts. */
static void begin_ramp(grit_engine_t *engine) {
  int16_t *multiplier = engine->start_multiplier;
  int32_t *bias = engine->start_bias;
  engine->start_multiplier = engine->target_multiplier;
  engine->start_bias = engine->target_bias;
  engine->target_multiplier = multiplier;
  engine->target_bias = bias;
  engine->ramp_step = 0;
  aim(engine);
}

/* Finds the ramp step that falls into the next `frames` frames. */
static void plan_ramp(grit_engine_t *engine, uint32_t frames) {
  engine->step_at = NO_STEP;
  if (engine->model->film == NULL) return;
  const uint32_t at = engine->frames_left;
  if (at >= frames) {
    engine->frames_left -= frames;
    return;
  }
  if (engine->ramp_step == GRIT_RAMP_STEPS) {
    engine->frames_left = 0;
    if (memcmp(engine->heading, engine->wanted, sizeof engine->heading) == 0) return;
    begin_ramp(engine);
  }
  engine->ramp_step++;
  engine->step_at = at;
  engine->frames_left = at + RAMP_STEP_FRAMES - frames;
}

void grit_engine_set_position(grit_engine_t *engine, const int16_t *position) {
  if (engine->model->film != NULL) memcpy(engine->wanted, position, engine->model->position_count * sizeof(int16_t));
}

/* ---- audio ------------------------------------------------------------------------------------------------------- */

static uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static void copy_frames(int16_t *to, const int16_t *from, size_t frames, size_t channels, uintptr_t planes) {
  if (planes != 0u)
    grit_three_copy(planes, to, from, frames);
  else
    grit_kernel_copy(to, from, frames * channels);
}

/* Silence's frame, just computed, was always there: fill the history with it.
 */
static void settle(const history_t *history, const int16_t *frame, uintptr_t planes) {
  for (uint32_t i = 0; i < stored_frames(history); i++)
    copy_frames(history->frames + (size_t)i * history->channels, frame, 1u, history->channels, planes);
}

/* Puts the history where the taps look for it. */
static void recall(const history_t *history, int16_t *block, uintptr_t planes) {
  const size_t channels = history->channels;
  if (history->copied) {
    copy_frames(block - (size_t)history->length * channels, history->frames, history->length, channels, planes);
    return;
  }
  if (history->next >= TWICE_FRAMES) {
    const int16_t *newest = history->frames + (size_t)(history->next - TWICE_FRAMES) * channels;
    copy_frames(block - TWICE_FRAMES * channels, newest, TWICE_FRAMES, channels, planes);
    return;
  }
  for (uint32_t back = 1; back <= TWICE_FRAMES; back++) {
    const uint32_t from = history->next >= back ? history->next - back : history->next + history->length - back;
    copy_frames(block - (size_t)back * channels, history->frames + (size_t)from * channels, 1u, channels, planes);
  }
}

/* A sliding history takes `frames` of its chunk. Somewhat more than needed is copied: what comes next stands there. */
static GRIT_FAST_CODE void slide(history_t *history, uint32_t frames) {
  const uint32_t channels = history->channels, end = slide_end(history), next = history->next + frames;
  if (history->length + next > end) {
    const uint32_t from = larger(history->length + history->next, end);
    const uint32_t samples = (history->length + next - from) * channels;
    grit_kernel_copy(history->frames + (size_t)(from - end) * channels, history->frames + (size_t)from * channels,
                     (samples + COPIED_SAMPLES - 1u) / COPIED_SAMPLES * COPIED_SAMPLES);
  }
  history->next = next < end ? next : next - end;
  history->chunk = slid_chunk(history);
}

/* Takes the block's frames into the history. */
static void remember(history_t *history, const int16_t *block, uint32_t frames, uintptr_t planes) {
  const size_t channels = history->channels;
  if (history->copied) {
    const int16_t *from = block + (size_t)frames * channels - (size_t)history->length * channels;
    copy_frames(history->frames, from, history->length, channels, planes);
    return;
  }
  const uint32_t first = smaller(frames, history->length - history->next);
  copy_frames(history->frames + (size_t)history->next * channels, block, first, channels, planes);
  if (first < frames) copy_frames(history->frames, block + (size_t)first * channels, frames - first, channels, planes);
  if (first < frames || history->next < TWICE_FRAMES)
    copy_frames(history->frames + (size_t)history->length * channels, history->frames, TWICE_FRAMES, channels, planes);
  history->next += frames;
  if (history->next >= history->length) history->next -= history->length;
}

/* In two planes a tile has two frames. */
static uint32_t whole_tiles(uint32_t frames, bool three) {
  return three ? (frames + 1u) & ~1u : (frames + TILE_FRAMES - 1u) / TILE_FRAMES * TILE_FRAMES;
}

/* Aims one tap into a ring, or beyond it into the block, for frame `at` of the
 * block. Returns the frame up to which that is good. */
static uint32_t aim_tap(const grit_conv_t *conv, const history_t *history, const int16_t *block, uint32_t tap,
                        uint32_t at) {
  const uint32_t lag = (conv->record->kernel - 1u - tap) * conv->record->dilation;
  const size_t channels = history->channels;
  if (lag <= at + TWICE_FRAMES) {
    grit_kernel_aim(conv, tap, block - (size_t)lag * channels);
    return CHUNK_FRAMES;
  }
  uint32_t index = history->next + history->length + at - lag;
  if (index >= history->length) index -= history->length;
  grit_kernel_aim(conv, tap, history->frames + ((ptrdiff_t)index - (ptrdiff_t)at) * (ptrdiff_t)channels);
  const uint32_t left = smaller(lag - at - TWICE_FRAMES, history->length - index);
  return left >= CHUNK_FRAMES ? CHUNK_FRAMES : at + whole_tiles(left, conv->three);
}

/* Aims a ring's taps for the first frame of the block, all but the last, which stands still. until[] says up to which
 * frame each one is good. None of them is in the block yet: a ring's dilation is longer than COPIED_FRAMES_PER_TAP.
 * Returns the frame up to which all are good. */
static uint32_t aim_all(const grit_conv_t *conv, const history_t *history, uint8_t *until) {
  const int16_t *places[GRIT_MAX_KERNEL];
  const uint32_t others = conv->record->kernel - 1u, dilation = conv->record->dilation, length = history->length;
  uint32_t lag = others * dilation, index = history->next + length - lag, next = CHUNK_FRAMES;
  for (uint32_t tap = 0; tap < others; tap++, lag -= dilation, index += dilation) {
    if (index >= length) index -= length;
    places[tap] = history->frames + (size_t)index * history->channels;
    const uint32_t left = smaller(lag - TWICE_FRAMES, length - index);
    const uint32_t good = left >= CHUNK_FRAMES ? CHUNK_FRAMES : smaller(whole_tiles(left, conv->three), CHUNK_FRAMES);
    until[tap] = (uint8_t)good;
    next = smaller(next, good);
  }
  grit_kernel_aim_all(conv, places);
  return next;
}

/* Aims the taps of a ring whose time has come at frame `at`. until[], and what is returned: as above. */
static uint32_t aim_due(const grit_conv_t *conv, const history_t *history, const int16_t *block, uint32_t at,
                        uint8_t *until) {
  uint32_t next = CHUNK_FRAMES;
  for (uint32_t tap = 0; tap + 1u < conv->record->kernel; tap++) {
    if (until[tap] == at) until[tap] = (uint8_t)smaller(aim_tap(conv, history, block, tap, at), CHUNK_FRAMES);
    next = smaller(next, until[tap]);
  }
  return next;
}

/* conv over the block's frames from `from` up to `to`, all taps good for them, into out, which holds the block's. */
static inline void convolve_stretch(const grit_engine_t *engine, const grit_conv_t *conv, uintptr_t planes,
                                    int16_t *out, uint32_t from, uint32_t to) {
  const int32_t *dry = engine->dry + from;
  if (planes != 0u)
    grit_three_convolve(conv, planes, from, dry, out + (size_t)from * 2u, to - from);
  else
    grit_kernel_convolve(conv, from, dry, out + (size_t)from * conv->record->rows, to - from);
}

/* As convolve, what happens on the way included: a tap leaves a ring; rows take a ramp step. */
static GRIT_FAST_CODE __attribute__((noinline)) void convolve_in_stretches(grit_engine_t *engine,
                                                                           const grit_conv_t *conv,
                                                                           const history_t *history, int16_t *out,
                                                                           uint32_t frames, uint32_t step_at) {
  uint8_t until[GRIT_MAX_KERNEL];
  uint32_t aim_at = history->copied ? frames : 0u; /* when a tap has to be aimed next */
  for (uint32_t done = 0; done < frames;) {
    if (done == step_at) {
      use_rows(engine, conv, engine->film_row, engine->ramp_step);
      step_at = NO_STEP;
    }
    if (done == aim_at)
      aim_at = done == 0u ? aim_all(conv, history, until) : aim_due(conv, history, history->chunk, done, until);
    const uint32_t end = smaller(smaller(aim_at, step_at), frames);
    convolve_stretch(engine, conv, conv->three ? engine->planes : 0u, out, done, end);
    done = end;
  }
}

/* conv over the whole chunk, its history included, into out. step_at: where its
 * rows take a ramp step, or NO_STEP. */
static GRIT_FAST_CODE void convolve(grit_engine_t *engine, const grit_conv_t *conv, history_t *history, int16_t *out,
                                    uint32_t frames, uint32_t step_at) {
  const uintptr_t planes = conv->three ? engine->planes : 0u;
  recall(history, history->chunk, planes);
  if (step_at == 0u) { /* where it falls as long as blocks are whole chunks */
    use_rows(engine, conv, engine->film_row, engine->ramp_step);
    step_at = NO_STEP;
  }
  if (history->copied && step_at == NO_STEP)
    convolve_stretch(engine, conv, planes, out, 0, frames);
  else
    convolve_in_stretches(engine, conv, history, out, frames, step_at);
  remember(history, history->chunk, frames, planes);
}

static void gate(const grit_layer_t *record, int16_t *pre, size_t channels, size_t frames, int16_t *z) {
  for (size_t frame = 0; frame < frames; frame++) {
    int16_t *main = pre + frame * 2u * channels;
    if (record->activation == 2u) grit_kernel_tanh(main, channels);
    if (record->activation == 3u) grit_kernel_sigmoid(main, channels);
    grit_kernel_sigmoid(main + channels, channels);
  }
  grit_kernel_gate(pre, z, channels, frames);
}

/* A layer's outputs go into the skip sums two layers at a time. */
static void add_skip(grit_engine_t *engine, const int16_t *z, const int8_t *weight, uint32_t channels,
                     uint32_t frames) {
  const grit_skip_t present = {z, weight};
  if (engine->waiting.z == NULL) {
    engine->waiting = present;
    return;
  }
  if (engine->planes != 0u)
    grit_three_skip_two(engine->planes, engine->skips, &engine->waiting, &present, frames);
  else
    grit_kernel_skip_two(engine->skips, &engine->waiting, &present, channels, frames);
  engine->waiting.z = NULL;
}

/* What an odd number of layers left waiting. */
static void add_last_skip(grit_engine_t *engine, uint32_t channels, uint32_t frames) {
  const grit_skip_t waiting = engine->waiting;
  if (waiting.z == NULL) return;
  const grit_skip_t none = {NULL, NULL};
  if (engine->planes != 0u)
    grit_three_skip_two(engine->planes, engine->skips, &waiting, &none, frames);
  else
    grit_kernel_skip(engine->skips, waiting.z, waiting.weight, channels, frames);
  engine->waiting.z = NULL;
}

/* A layer in one pass whose rows take a ramp step before frame `step_at`. */
static GRIT_FAST_CODE __attribute__((noinline)) void pass_with_step(const grit_engine_t *engine,
                                                                    const grit_conv_t *conv, size_t first,
                                                                    const grit_pass_t *pass, uint32_t frames,
                                                                    uint32_t step_at) {
  if (step_at > 0u) grit_kernel_pass(conv, first, pass, step_at);
  use_rows(engine, conv, engine->film_row, engine->ramp_step);
  const size_t samples = (size_t)step_at * conv->record->rows;
  const grit_pass_t rest = {pass->then, pass->dry + step_at, pass->z + samples, pass->base + samples,
                            pass->out + samples};
  grit_kernel_pass(conv, first + step_at, &rest, frames - step_at);
}

/* One layer in one pass. It puts the stream where the next one has its chunk, an array's last where the next array
 * looks. */
static GRIT_FAST_CODE MARKED void run_pass(grit_engine_t *engine, uint32_t index, uint32_t frames, bool last) {
  layer_t *layer = &engine->layers[index];
  const grit_conv_t *conv = &layer->conv;
  history_t *history = &layer->history;
  const uint32_t shift = engine->model->layers[index].stream_shift, channels = history->channels;
  int16_t *out = last ? engine->block : layer[1].history.chunk;
  grit_pass_t pass = {&layer->residual, engine->dry, layer->z, history->chunk, out};
  if (shift != 0u) {
    grit_kernel_shift(engine->stage, history->chunk, (const int8_t *)(engine->model->blob + shift), channels, frames);
    pass.base = engine->stage;
  }
  if (engine->step_at >= frames)
    grit_kernel_pass(conv, history->next, &pass, frames);
  else
    pass_with_step(engine, conv, history->next, &pass, frames, engine->step_at);
  slide(history, frames);
  engine->film_row += channels;
}

/* One layer over a chunk whose stream stands in engine->block, where the next
 * layer's will stand. */
static GRIT_FAST_CODE MARKED void run_layer(grit_engine_t *engine, uint32_t index, uint32_t frames, bool gathered) {
  layer_t *layer = &engine->layers[index];
  const grit_layer_t *record = &engine->model->layers[index];
  const uint8_t *blob = engine->model->blob;
  const uint32_t channels = layer->history.channels;
  int16_t *z = layer->z;
  convolve(engine, &layer->conv, &layer->history, record->gated ? engine->pre : z, frames, engine->step_at);
  engine->film_row += layer->conv.record->rows;
  if (record->gated) gate(record, engine->pre, channels, frames, z);
  if (!record->gated && record->activation == 3u) grit_kernel_sigmoid(z, (size_t)channels * frames);
  if (!gathered) add_skip(engine, z, (const int8_t *)(blob + record->skip_weight), channels, frames);
  if (record->residual.rows == 0u) return;
  const int8_t *shift = (const int8_t *)(blob + record->stream_shift);
  if (engine->planes != 0u) {
    if (record->stream_shift != 0u) grit_three_shift(engine->planes, engine->block, shift, frames);
    grit_three_residual(&layer->residual, engine->planes, z, engine->block, frames);
    return;
  }
  if (record->stream_shift != 0u) grit_kernel_shift(engine->block, engine->block, shift, channels, frames);
  grit_kernel_residual(&layer->residual, z, engine->block, frames);
}

/* The skip sum, narrowed, into the block. */
static GRIT_FAST_CODE void narrow_skips(const grit_engine_t *engine, uint32_t index, uint32_t frames) {
  const grit_array_t *record = &engine->model->arrays[index];
  const grit_slots_t *slots = &engine->arrays[index].slots;
  if (slots->count != 0u)
    grit_kernel_gather(slots, record->skip_shift, engine->block, record->channels, frames);
  else
    grit_kernel_narrow(engine->skips, record->skip_shift, engine->block, (size_t)frames * record->channels);
}

/* The skip sum, narrowed, through the array's head. */
static GRIT_FAST_CODE MARKED void run_head(grit_engine_t *engine, uint32_t index, uint32_t frames) {
  const bool last = index + 1u == engine->model->header->array_count;
  array_t *array = &engine->arrays[index];
  narrow_skips(engine, index, frames);
  convolve(engine, &array->head, &array->history, array->out, frames, last ? engine->step_at : NO_STEP);
}

/* An array's input, to where its first layer has it; the block is still in use: in its stead engine->z[1]. */
static GRIT_FAST_CODE MARKED void run_rechannel(grit_engine_t *engine, uint32_t index, uint32_t frames) {
  const grit_conv_t *conv = &engine->arrays[index].rechannel;
  if (engine->planes != 0u) {
    grit_three_spread(conv, engine->planes, engine->dry, engine->block, frames);
    return;
  }
  int16_t *chunk = engine->layers[engine->model->arrays[index].first_layer].history.chunk;
  if (index == 0u)
    grit_kernel_spread(conv, engine->dry, chunk, frames);
  else
    grit_kernel_convolve(conv, 0, engine->dry, chunk == engine->block ? engine->z[1] : chunk, frames);
}

/* engine->dry through the whole network into engine->z[0], at most
 * CHUNK_FRAMES. settling: it is one frame of silence, and every history fills
 * with what becomes of it. */
static GRIT_FAST_CODE void run_chunk(grit_engine_t *engine, uint32_t frames, bool settling) {
  const grit_model_t *model = engine->model;
  const uint32_t array_count = model->header->array_count;
  run_rechannel(engine, 0, frames);
  engine->film_row = 0;
  for (uint32_t a = 0; a < array_count; a++) {
    const grit_array_t *record = &model->arrays[a];
    const uint32_t channels = record->channels;
    const bool last = a + 1u == array_count;
    const bool gathered = engine->arrays[a].slots.count != 0u;
    if (!gathered) grit_kernel_clear(engine->skips, (size_t)frames * channels);
    if (!gathered && a > 0u) {
      const int8_t *weight = (const int8_t *)(model->blob + record->carry_weight);
      grit_kernel_skip(engine->skips, engine->z[0], weight, channels, frames); /* the head's before */
    }
    for (uint32_t i = record->first_layer; i < (uint32_t)record->first_layer + record->layer_count; i++) {
      if (settling) settle(&engine->layers[i].history, engine->layers[i].history.chunk, engine->planes);
      if (engine->layers[i].conv.use == GRIT_LAYER)
        run_pass(engine, i, frames, i + 1u == (uint32_t)record->first_layer + record->layer_count);
      else
        run_layer(engine, i, frames, gathered);
    }
    if (!gathered) add_last_skip(engine, channels, frames);
    if (!last) run_rechannel(engine, a + 1u, frames); /* before the head, which needs the block */
    if (settling) {
      narrow_skips(engine, a, 1u);
      settle(&engine->arrays[a].history, engine->block, 0);
    }
    run_head(engine, a, frames);
    if (!last && engine->layers[record[1].first_layer].history.chunk == engine->block)
      copy_frames(engine->block, engine->z[1], frames, record[1].channels, 0);
  }
}

static void start_rings(grit_engine_t *engine) {
  const grit_header_t *header = engine->model->header;
  for (uint32_t i = 0; i < header->layer_count; i++) {
    history_t *history = &engine->layers[i].history;
    history->next = 0;
    if (history->slides) history->chunk = slid_chunk(history);
  }
  for (uint32_t a = 0; a < header->array_count; a++) engine->arrays[a].history.next = 0;
}

void grit_engine_reset(grit_engine_t *engine, const int16_t *position) {
  const grit_model_t *model = engine->model;
  engine->ramp_step = GRIT_RAMP_STEPS;
  engine->frames_left = 0;
  if (model->film != NULL) {
    set_base(engine);
    if (position == NULL) position = model->header->default_position;
    memcpy(engine->wanted, position, model->position_count * sizeof(int16_t));
    aim(engine);
    use_target(engine);
  }
  start_rings(engine);
  memset(engine->dry, 0, CHUNK_FRAMES * sizeof(int32_t));
  plan_ramp(engine, 1);
  run_chunk(engine, 1, true);
  start_rings(engine); /* at an even frame; what they hold is all the same */
}

/* Four at a time: a round of these loops costs as much as its work. */
static inline void widen(int32_t *to, const int16_t *from, uint32_t frames) {
  uint32_t i = 0;
  for (; i + 4u <= frames; i += 4u) {
    const int16_t a = from[i], b = from[i + 1u], c = from[i + 2u], d = from[i + 3u];
    to[i] = a;
    to[i + 1u] = b;
    to[i + 2u] = c;
    to[i + 3u] = d;
  }
  for (; i < frames; i++) to[i] = from[i];
}

static inline void take_out(int16_t *to, const int16_t *from, uint32_t frames) {
  uint32_t i = 0;
  for (; i + 4u <= frames; i += 4u) {
    const int16_t a = from[i], b = from[i + 1u], c = from[i + 2u], d = from[i + 3u];
    to[i] = a;
    to[i + 1u] = b;
    to[i + 2u] = c;
    to[i + 3u] = d;
  }
  for (; i < frames; i++) to[i] = from[i];
}

GRIT_FAST_CODE void grit_engine_process(grit_engine_t *engine, const int16_t *in, int16_t *out, size_t frames) {
  while (frames > 0u) {
    const uint32_t chunk = frames < CHUNK_FRAMES ? (uint32_t)frames : CHUNK_FRAMES;
    plan_ramp(engine, chunk);
    widen(engine->dry, in, chunk);
    run_chunk(engine, chunk, false);
    take_out(out, engine->z[0], chunk);
    in += chunk;
    out += chunk;
    frames -= chunk;
  }
}
