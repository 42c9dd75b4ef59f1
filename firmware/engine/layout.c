#include "layout.h"

#include <stdbool.h>
#include <string.h>

/* Histories up to this many frames a tap are copied in front of the chunk; for
 * longer ones, cutting the chunk where a tap meets the ring's end costs less
 * than the copy. */
#define COPIED_FRAMES_PER_TAP 24u

/* A kernel reads a little ahead of what it uses. */
#define READ_AHEAD_BYTES 64u

/* An array's layers have slots if layers times channels are no more than this: 6.5 KB. */
#define MAX_SLOT_CHANNELS 64u

_Static_assert(COPIED_FRAMES_PER_TAP > GRIT_TWICE_FRAMES, "a ring's taps begin in the ring");

/* What is being laid out, or, without memory, counted. */
typedef struct {
  grit_plan_t plan;
  uint8_t *base[2]; /* fast and slow memory; NULL: only counting */
  size_t used[2];
  bool lays;                                                                         /* not only counting */
  bool three;                                                                        /* layers run in two planes */
  uint32_t width, summed_width, gated_rows, copied_bytes, slot_samples, stage_width; /* what scratch needs */
} arena_t;

static size_t whole_words(size_t bytes) {
  return (bytes + sizeof(void *) - 1u) & ~(sizeof(void *) - 1u);
}

static void *take_from(arena_t *arena, bool slow, size_t bytes) {
  void *at = arena->base[slow] == NULL ? NULL : arena->base[slow] + arena->used[slow];
  arena->used[slow] += whole_words(bytes);
  return at;
}

static void *take(arena_t *arena, size_t bytes) {
  return take_from(arena, arena->plan.all_slow, bytes);
}

static int16_t *take_chunk(arena_t *arena, size_t channels) {
  return take(arena, (GRIT_CHUNK_FRAMES + GRIT_SLACK_FRAMES) * channels * sizeof(int16_t));
}

static uint32_t history_of(const grit_convolution_t *conv) {
  return (conv->kernel - 1u) * conv->dilation;
}

static bool is_copied(const grit_convolution_t *conv) {
  return history_of(conv) <= COPIED_FRAMES_PER_TAP * conv->kernel || history_of(conv) < GRIT_CHUNK_FRAMES;
}

static grit_history_t take_history(arena_t *arena, const grit_convolution_t *conv, bool three, bool slow) {
  grit_history_t history = {NULL, NULL, history_of(conv), 0, conv->inputs, is_copied(conv), false};
  if (three) {
    history.channels = 2;
    history.length += history.length & 1u; /* so that a second plane's words stay words when copied */
  }
  const uint32_t in_front = history.copied ? history.length : GRIT_TWICE_FRAMES;
  arena->copied_bytes = grit_larger(arena->copied_bytes, in_front * history.channels * (uint32_t)sizeof(int16_t));
  history.frames = take_from(arena, slow, (size_t)grit_history_stored(&history) * history.channels * sizeof(int16_t));
  return history;
}

/* Of a layer that runs in one pass. */
static grit_history_t take_sliding_history(arena_t *arena, const grit_convolution_t *conv, bool slow) {
  grit_history_t history = {NULL, NULL, history_of(conv), 0, conv->inputs, true, true};
  const size_t frames = history.length + grit_history_slide_end(&history) + GRIT_CHUNK_FRAMES + GRIT_SLACK_FRAMES;
  history.frames = take_from(arena, slow, (frames * history.channels + GRIT_COPIED_SAMPLES) * sizeof(int16_t));
  return history;
}

/* What every chunk finds at the same place: all taps of a copied history, the
 * newest of a ring. */
static void aim_fixed(const grit_conv_t *conv, const grit_history_t *history, const int16_t *block) {
  const uint32_t kernel = conv->record->kernel;
  for (uint32_t k = history->copied ? 0u : kernel - 1u; k < kernel; k++)
    grit_kernel_aim(conv, k, block - (size_t)(kernel - 1u - k) * conv->record->dilation * history->channels);
}

static grit_conv_t take_conv(arena_t *arena, const grit_model_t *model, const grit_convolution_t *record,
                             grit_use_t use, uint32_t slope, bool three) {
  grit_conv_t conv = {record, model->blob, NULL, (uint16_t)slope, (uint8_t)use, three};
  conv.prepared = take(arena, grit_kernel_prepared_bytes(&conv));
  if (!arena->lays) return conv;
  grit_kernel_prepare(&conv);
  const int32_t *bias = (const int32_t *)(const void *)(conv.blob + record->bias);
  const int16_t *multiplier = (const int16_t *)(const void *)(conv.blob + record->multiplier);
  const grit_ramp_t ramp = {bias, bias, multiplier, multiplier};
  grit_kernel_set_rows(&conv, &ramp, GRIT_RAMP_STEPS);
  return conv;
}

static grit_film_layer_t take_dense(arena_t *arena, const uint8_t *blob, const grit_dense_t *record) {
  const bool slow = arena->plan.all_slow || arena->plan.slow_film;
  const size_t weight_bytes = (size_t)record->rows * record->inputs * sizeof(int16_t);
  int32_t *bias = take_from(arena, slow, record->rows * sizeof(int32_t));
  int16_t *weight = take_from(arena, slow, weight_bytes);
  uint8_t *shift = take_from(arena, slow, record->rows);
  if (arena->lays) {
    memcpy(bias, blob + record->bias, record->rows * sizeof(int32_t));
    memcpy(weight, blob + record->weight, weight_bytes);
    memcpy(shift, blob + record->shift, record->rows);
  }
  return (grit_film_layer_t){weight, bias, shift, record->rows, record->inputs};
}

static void take_film_rows(arena_t *arena, grit_engine_t *engine, size_t rows) {
  engine->start_bias = take(arena, rows * sizeof(int32_t));
  engine->target_bias = take(arena, rows * sizeof(int32_t));
  engine->base = take(arena, rows * sizeof(int16_t));
  engine->start_multiplier = take(arena, rows * sizeof(int16_t));
  engine->target_multiplier = take(arena, rows * sizeof(int16_t));
  const grit_film_t *film = engine->model->film;
  const uint8_t *blob = engine->model->blob;
  grit_film_layers_t *layers = take(arena, sizeof *layers);
  const grit_film_layer_t hidden = take_dense(arena, blob, &film->hidden);
  const grit_film_layer_t gain = take_dense(arena, blob, &film->gain);
  const grit_film_layer_t bias = take_dense(arena, blob, &film->bias);
  if (arena->lays) *layers = (grit_film_layers_t){hidden, gain, bias};
  engine->film = layers;
}

static grit_use_t use_of(const grit_layer_t *layer) {
  return layer->activation == GRIT_ACTIVATION_TANH && !layer->gated ? GRIT_TANH : GRIT_LINEAR;
}

static uint32_t slope_of(const grit_layer_t *layer) {
  return layer->activation == GRIT_ACTIVATION_LEAKY_RELU && !layer->gated ? (uint32_t)layer->slope_q15 : GRIT_NO_SLOPE;
}

/* How many slots an array has: its layers', behind that of the head before it. None if they took more memory than
 * they are worth. */
static uint32_t slots_of(const grit_array_t *record, bool three) {
  const uint32_t used = (record->layer_count + (record->carry_weight == 0u ? 0u : 1u) + 1u) & ~1u;
  const uint32_t count = grit_larger(used, 4u);
  return three || record->skip_shift < 2u || count * record->channels > MAX_SLOT_CHANNELS ? 0u : count;
}

static void set_slot_weights(const grit_slots_t *slots, uint32_t slot, const int8_t *weight, uint32_t channels) {
  for (uint32_t c = 0; c < channels; c++) slots->weights[c / 2u * 2u * slots->count + 2u * slot + c % 2u] = weight[c];
}

static grit_slots_t take_slots(arena_t *arena, const grit_model_t *model, const grit_array_t *record) {
  grit_slots_t slots = {NULL, NULL, slots_of(record, arena->three)};
  if (slots.count == 0u) return slots;
  slots.weights = take(arena, slots.count * record->channels * sizeof(int16_t));
  if (!arena->lays) return slots;
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

/* Some of a model's bytes. */
static const void *take_copy(arena_t *arena, const void *from, size_t bytes) {
  void *copy = take(arena, bytes);
  if (arena->lays) memcpy(copy, from, bytes);
  return copy;
}

/* The records of arrays and layers. */
static void take_records(arena_t *arena, grit_engine_t *engine, const grit_model_t *model) {
  const grit_header_t *header = model->header;
  const grit_array_t *arrays = take_copy(arena, model->arrays, header->array_count * sizeof *arrays);
  const grit_layer_t *layers = take_copy(arena, model->layers, header->layer_count * sizeof *layers);
  engine->model = model;
  engine->array_count = header->array_count;
  if (!arena->lays) return;
  engine->own = *model;
  engine->own.arrays = arrays;
  engine->own.layers = layers;
  engine->model = &engine->own;
}

/* An array's convolutions. */
static void take_array(arena_t *arena, grit_engine_t *engine, uint32_t index) {
  const grit_model_t *model = engine->model;
  const grit_array_t *record = &model->arrays[index];
  grit_array_state_t array;
  array.rechannel = take_conv(arena, model, &record->rechannel, GRIT_LINEAR, GRIT_NO_SLOPE, arena->three);
  array.head = take_conv(arena, model, &record->head, GRIT_LINEAR, GRIT_NO_SLOPE, false);
  array.history = take_history(arena, &record->head, false, arena->plan.all_slow);
  array.slots = take_slots(arena, model, record);
  array.out = NULL;
  arena->width = grit_larger(arena->width, record->channels);
  if (array.slots.count == 0u) arena->summed_width = grit_larger(arena->summed_width, record->channels);
  arena->slot_samples = grit_larger(arena->slot_samples, array.slots.count * GRIT_SLOT_FRAMES * record->channels);
  if (arena->lays) engine->arrays[index] = array;
  for (uint32_t i = record->first_layer; i < (uint32_t)record->first_layer + record->layer_count; i++) {
    const grit_layer_t *from = &model->layers[i];
    grit_layer_state_t layer;
    memset(&layer, 0, sizeof layer);
    const bool pass = in_one_pass(model, i);
    layer.conv = take_conv(arena, model, &from->conv, pass ? GRIT_LAYER : use_of(from), slope_of(from), arena->three);
    const grit_use_t use = pass ? GRIT_IN_LAYER : GRIT_ONTO_STREAM;
    if (from->residual.rows != 0u)
      layer.residual = take_conv(arena, model, &from->residual, use, GRIT_NO_SLOPE, arena->three);
    if (pass) arena->stage_width = grit_larger(arena->stage_width, record->channels);
    layer.skip_weight = take_copy(arena, model->blob + from->skip_weight, record->channels);
    if (from->stream_shift != 0u)
      layer.stream_shift = take_copy(arena, model->blob + from->stream_shift, record->channels);
    if (from->gated) arena->gated_rows = grit_larger(arena->gated_rows, from->conv.rows);
    if (arena->lays) engine->layers[i] = layer;
  }
}

/* What layers hear and put out: the first plane, where there are two. Behind
 * everything else, because kernels read a little ahead of what they use. */
static void take_streams(arena_t *arena, grit_engine_t *engine) {
  const grit_model_t *model = engine->model;
  for (uint32_t i = 0; i < model->header->layer_count; i++) {
    const grit_convolution_t *conv = &model->layers[i].conv;
    const bool slow = arena->plan.all_slow || (arena->plan.slow_layers >> i & 1u) != 0u;
    const grit_history_t history =
        in_one_pass(model, i) ? take_sliding_history(arena, conv, slow) : take_history(arena, conv, arena->three, slow);
    if (arena->lays) engine->layers[i].history = history;
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
  engine->dry = take(arena, GRIT_CHUNK_FRAMES * sizeof(int32_t));
  engine->skips = take(arena, GRIT_CHUNK_FRAMES * arena->summed_width * sizeof(int32_t));
  engine->slots = take(arena, arena->slot_samples * sizeof(int16_t));
  const bool slow = arena->plan.all_slow;
  arena->used[slow] = (arena->used[slow] + 7u) & ~(size_t)7u; /* words in a second plane, too */
  const size_t from = arena->used[slow];
  take_streams(arena, engine);
  if (!arena->three) return;
  const size_t second = arena->used[slow];
  take(arena, (second - from) / 2u);
  if (arena->lays)
    engine->planes = (uintptr_t)(arena->base[slow] + second) - (uintptr_t)(arena->base[slow] + from) / 2u;
}

/* Where layers find their stream. */
static void place_streams(const grit_engine_t *engine) {
  const grit_model_t *model = engine->model;
  for (uint32_t a = 0; a < model->header->array_count; a++) engine->arrays[a].history.chunk = engine->block;
  for (uint32_t i = 0; i < model->header->layer_count; i++) {
    grit_history_t *history = &engine->layers[i].history;
    history->chunk = history->slides ? grit_history_slid_chunk(history) : engine->block;
  }
}

static void aim_all_fixed(const grit_engine_t *engine) {
  const grit_header_t *header = engine->model->header;
  for (uint32_t i = 0; i < header->layer_count; i++)
    aim_fixed(&engine->layers[i].conv, &engine->layers[i].history, engine->layers[i].history.chunk);
  for (uint32_t a = 0; a < header->array_count; a++) {
    const grit_array_state_t *array = &engine->arrays[a];
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
    grit_array_state_t *array = &engine->arrays[a];
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

/* The one description of an engine's memory. base: NULL, NULL only counts. */
static GRIT_ONCE grit_engine_need_t lay_out(const grit_model_t *model, const grit_plan_t *plan, uint8_t *fast,
                                            uint8_t *slow, grit_engine_t **out) {
  const grit_header_t *header = model->header;
  arena_t arena = {.plan = *plan, .base = {fast, slow}, .lays = out != NULL, .three = grit_three_fits(model)};
  grit_engine_t counting;
  grit_engine_t *engine = take(&arena, sizeof(grit_engine_t));
  if (out == NULL) engine = &counting;
  memset(engine, 0, sizeof *engine);
  take_records(&arena, engine, model);
  if (model->film != NULL) take_film_rows(&arena, engine, header->film_rows);
  engine->arrays = take(&arena, header->array_count * sizeof(grit_array_state_t));
  engine->layers = take(&arena, header->layer_count * sizeof(grit_layer_state_t));
  for (uint32_t a = 0; a < header->array_count; a++) take_array(&arena, engine, a);
  take_scratch(&arena, engine);
  if (arena.used[1] > 0u) take_from(&arena, true, READ_AHEAD_BYTES);
  if (out != NULL) {
    place_outputs(engine);
    place_streams(engine);
    aim_all_fixed(engine);
    *out = engine;
  }
  return (grit_engine_need_t){arena.used[0], arena.used[1]};
}

/* What the layers' histories take, and which of them are rings (bit i: layer i's). Counted once: whether a layer runs
 * in one pass is a question to its whole array. */
typedef struct {
  size_t bytes[GRIT_MAX_LAYERS];
  uint64_t rings;
} histories_t;

static void count_histories(const grit_model_t *model, histories_t *histories) {
  histories->rings = 0;
  for (uint32_t i = 0; i < model->header->layer_count; i++) {
    arena_t arena;
    memset(&arena, 0, sizeof arena);
    const grit_convolution_t *conv = &model->layers[i].conv;
    const bool pass = in_one_pass(model, i);
    if (pass)
      take_sliding_history(&arena, conv, false);
    else
      take_history(&arena, conv, false, false);
    histories->bytes[i] = arena.used[0];
    if (!pass && !is_copied(conv)) histories->rings |= (uint64_t)1 << i;
  }
}

/* The history that is touched least for what it takes: the longest ring, of which a block touches three places as of a
 * short one; then what is copied whole in every block. Returns count, that of the layers, if all are slow. */
static uint32_t coolest(const histories_t *histories, uint32_t count, uint64_t slow_layers) {
  uint32_t found = count;
  size_t most = 0;
  for (uint32_t i = 0; i < count; i++) {
    const size_t heat = histories->bytes[i] + ((histories->rings >> i & 1u) != 0u ? SIZE_MAX / 2u : 0u);
    if ((slow_layers >> i & 1u) != 0u || heat <= most) continue;
    found = i;
    most = heat;
  }
  return found;
}

grit_plan_t grit_layout_plan(const grit_model_t *model, size_t fast_bytes) {
  grit_plan_t plan = {0};
  size_t fast = lay_out(model, &plan, NULL, NULL, NULL).fast;
  if (fast <= fast_bytes) return plan;
  const uint32_t count = model->header->layer_count;
  const bool three = grit_three_fits(model);
  histories_t histories;
  count_histories(model, &histories);
  while (fast > fast_bytes) {
    const uint32_t layer = three ? count : coolest(&histories, count, plan.slow_layers);
    const bool long_left = layer < count && !is_copied(&model->layers[layer].conv);
    if (model->film != NULL && !plan.slow_film && !long_left) { /* read once a ramp, but all of it in one block */
      plan.slow_film = true;
      fast = lay_out(model, &plan, NULL, NULL, NULL).fast;
      continue;
    }
    if (layer == count) return (grit_plan_t){.all_slow = true};
    plan.slow_layers |= (uint64_t)1 << layer;
    fast -= histories.bytes[layer];
  }
  return plan;
}

grit_plan_t grit_layout_coolest(const grit_model_t *model) {
  return (grit_plan_t){.slow_layers = grit_three_fits(model) ? 0u : UINT64_MAX, .slow_film = model->film != NULL};
}

grit_engine_need_t grit_layout_need(const grit_model_t *model, const grit_plan_t *plan) {
  return lay_out(model, plan, NULL, NULL, NULL);
}

grit_engine_t *grit_layout(const grit_model_t *model, const grit_plan_t *plan, uint8_t *fast, uint8_t *slow) {
  grit_engine_t *engine = NULL;
  lay_out(model, plan, fast, slow, &engine);
  return engine;
}
