#include "engine.h"

#include <stdbool.h>
#include <string.h>

#include "film.h"
#include "kernels.h"

#define CHUNK_FRAMES 48u /* most frames taken through the network at once: one millisecond */
#define RAMP_STEP_FRAMES (GRIT_RAMP_FRAMES / GRIT_RAMP_STEPS)

/* The last `length` frames of a convolution's input; `next` is where the coming frame goes. */
typedef struct {
  int16_t *frames;
  uint32_t length;
  uint32_t next;
  uint32_t channels;
} ring_t;

typedef struct {
  grit_conv_t conv, residual;
  ring_t ring; /* the residual stream as this layer sees it */
} layer_t;

typedef struct {
  grit_conv_t rechannel, head;
  ring_t ring; /* the narrowed skip sum */
} array_t;

struct grit_engine {
  const grit_model_t *model;
  array_t *arrays;
  layer_t *layers;
  /* Film rows. base: at gain 1. A ramp goes from start to target in steps; now is what the kernels read. */
  int16_t *base, *start_multiplier, *target_multiplier, *now_multiplier;
  int32_t *start_bias, *target_bias, *now_bias;
  grit_multiplier_t *pairs; /* now_multiplier with each row's negative twin */
  uint16_t *slopes;         /* of each film row, Q15; 32768 where positive and negative are treated alike */
  int16_t heading[GRIT_MAX_POSITION];
  uint32_t ramp_step;   /* GRIT_RAMP_STEPS: at rest */
  uint32_t frames_left; /* of the present ramp step */
  /* Scratch for one chunk. */
  int16_t *pre, *z, *stream, *carry;
  int32_t *skips;
};

/* ---- laying out memory --------------------------------------------------------------------------------------------
 */

typedef struct {
  uint8_t *base; /* NULL: only counting */
  size_t used;
} arena_t;

static void *take(arena_t *arena, size_t bytes) {
  void *at = arena->base == NULL ? NULL : arena->base + arena->used;
  arena->used += (bytes + 7u) & ~(size_t)7u;
  return at;
}

static size_t history_of(const grit_convolution_t *conv) {
  return (size_t)(conv->kernel - 1u) * conv->dilation;
}

static ring_t take_ring(arena_t *arena, const grit_convolution_t *conv) {
  ring_t ring = {NULL, (uint32_t)history_of(conv) + CHUNK_FRAMES, 0, conv->inputs};
  ring.frames = take(arena, (size_t)ring.length * ring.channels * sizeof(int16_t));
  return ring;
}

/* A convolution's pointers. bias and pairs: where a film row's live; NULL: constants, pairs made here. */
static grit_conv_t take_conv(arena_t *arena, const grit_model_t *model, const grit_convolution_t *record,
                             const int32_t *bias, const grit_multiplier_t *pairs) {
  grit_conv_t conv = {record, NULL, NULL, bias, pairs, NULL};
  grit_multiplier_t *own = pairs != NULL ? NULL : take(arena, record->rows * sizeof(grit_multiplier_t));
  void *prepared = take(arena, grit_kernel_prepared_bytes(record));
  if (arena->base == NULL) return conv;
  const uint8_t *blob = model->blob;
  conv.weight = (const int8_t *)(blob + record->weight);
  conv.mixin = record->mixin == 0u ? NULL : (const int8_t *)(blob + record->mixin);
  if (own != NULL) {
    const int16_t *multiplier = (const int16_t *)(const void *)(blob + record->multiplier);
    for (uint32_t row = 0; row < record->rows; row++) own[row] = grit_multiplier_pair(multiplier[row], 32768);
    conv.multiplier = own;
    conv.bias = (const int32_t *)(const void *)(blob + record->bias);
  }
  grit_kernel_prepare(&conv, prepared);
  conv.prepared = prepared;
  return conv;
}

static void set_film_rows(grit_engine_t *engine, const grit_convolution_t *record, uint32_t row, uint16_t slope) {
  const uint8_t *blob = engine->model->blob;
  memcpy(engine->base + row, blob + record->multiplier, record->rows * sizeof(int16_t));
  memcpy(engine->target_bias + row, blob + record->bias, record->rows * sizeof(int32_t));
  for (uint32_t i = 0; i < record->rows; i++) engine->slopes[row + i] = slope;
}

/* The one description of the engine's memory: counts it, or lays it out. Returns the bytes. */
static size_t lay_out(const grit_model_t *model, uint8_t *base, grit_engine_t **out) {
  const grit_header_t *header = model->header;
  arena_t arena = {base, 0};
  grit_engine_t *engine = take(&arena, sizeof(grit_engine_t));
  grit_engine_t counting;
  if (base == NULL) engine = &counting;
  memset(engine, 0, sizeof *engine);
  const size_t rows = header->film_rows;
  uint32_t width = 0, widest_pre = 0;
  for (uint32_t a = 0; a < header->array_count; a++)
    if (model->arrays[a].channels > width) width = model->arrays[a].channels;
  for (uint32_t i = 0; i < header->layer_count; i++)
    if (model->layers[i].conv.rows > widest_pre) widest_pre = model->layers[i].conv.rows;

  engine->model = model;
  engine->pairs = take(&arena, rows * sizeof(grit_multiplier_t));
  engine->start_bias = take(&arena, rows * sizeof(int32_t));
  engine->target_bias = take(&arena, rows * sizeof(int32_t));
  engine->now_bias = take(&arena, rows * sizeof(int32_t));
  engine->base = take(&arena, rows * sizeof(int16_t));
  engine->start_multiplier = take(&arena, rows * sizeof(int16_t));
  engine->target_multiplier = take(&arena, rows * sizeof(int16_t));
  engine->now_multiplier = take(&arena, rows * sizeof(int16_t));
  engine->slopes = take(&arena, rows * sizeof(uint16_t));
  engine->pre = take(&arena, (size_t)CHUNK_FRAMES * widest_pre * sizeof(int16_t));
  engine->z = take(&arena, (size_t)CHUNK_FRAMES * width * sizeof(int16_t));
  engine->stream = take(&arena, (size_t)CHUNK_FRAMES * width * sizeof(int16_t));
  engine->carry = take(&arena, (size_t)CHUNK_FRAMES * width * sizeof(int16_t));
  engine->skips = take(&arena, (size_t)CHUNK_FRAMES * width * sizeof(int32_t));
  array_t *arrays = take(&arena, header->array_count * sizeof(array_t));
  layer_t *layers = take(&arena, header->layer_count * sizeof(layer_t));
  engine->arrays = arrays;
  engine->layers = layers;

  uint32_t row = 0;
  for (uint32_t a = 0; a < header->array_count; a++) {
    const grit_array_t *record = &model->arrays[a];
    const bool last = a + 1u == header->array_count;
    array_t array;
    array.rechannel = take_conv(&arena, model, &record->rechannel, NULL, NULL);
    for (uint32_t i = 0; i < record->layer_count; i++) {
      const uint32_t index = record->first_layer + i;
      const grit_layer_t *from = &model->layers[index];
      const uint16_t slope = from->activation == 1u ? (uint16_t)from->slope_q15 : (uint16_t)32768u;
      layer_t layer;
      memset(&layer, 0, sizeof layer);
      if (base != NULL) set_film_rows(engine, &from->conv, row, slope);
      const int32_t *bias = base == NULL ? NULL : engine->now_bias + row;
      /* while counting, any non-NULL pairs say "not its own" */
      const grit_multiplier_t *pairs = base == NULL ? (const grit_multiplier_t *)&arena : engine->pairs + row;
      layer.conv = take_conv(&arena, model, &from->conv, bias, pairs);
      row += from->conv.rows;
      if (from->residual.rows != 0u) layer.residual = take_conv(&arena, model, &from->residual, NULL, NULL);
      layer.ring = take_ring(&arena, &from->conv);
      if (base != NULL) layers[index] = layer;
    }
    if (last) {
      if (base != NULL) set_film_rows(engine, &record->head, row, 32768u);
      const int32_t *bias = base == NULL ? NULL : engine->now_bias + row;
      const grit_multiplier_t *pairs = base == NULL ? (const grit_multiplier_t *)&arena : engine->pairs + row;
      array.head = take_conv(&arena, model, &record->head, bias, pairs);
    } else {
      array.head = take_conv(&arena, model, &record->head, NULL, NULL);
    }
    array.ring = take_ring(&arena, &record->head);
    if (base != NULL) arrays[a] = array;
  }
  if (out != NULL && base != NULL) *out = engine;
  return arena.used;
}

size_t grit_engine_state_bytes(const grit_model_t *model) {
  return lay_out(model, NULL, NULL);
}

grit_engine_t *grit_engine_open(const grit_model_t *model, void *arena, size_t arena_bytes, const int16_t *position) {
  if (arena == NULL || (uintptr_t)arena % 8u != 0u || arena_bytes < grit_engine_state_bytes(model)) return NULL;
  grit_engine_t *engine = NULL;
  lay_out(model, arena, &engine);
  grit_engine_reset(engine, position);
  return engine;
}

/* ---- position -----------------------------------------------------------------------------------------------------
 */

static void use_rows(grit_engine_t *engine) {
  const uint32_t rows = engine->model->header->film_rows;
  for (uint32_t i = 0; i < rows; i++)
    engine->pairs[i] = grit_multiplier_pair(engine->now_multiplier[i], engine->slopes[i]);
}

/* Evaluates the target of a ramp toward `position`. */
static void aim(grit_engine_t *engine, const int16_t *position) {
  const grit_model_t *model = engine->model;
  if (model->film == NULL) { /* target_bias was set from the blob */
    memcpy(engine->target_multiplier, engine->base, model->header->film_rows * sizeof(int16_t));
    return;
  }
  memcpy(engine->heading, position, model->position_count * sizeof(int16_t));
  grit_film_evaluate(model, position, engine->base, engine->target_multiplier, engine->target_bias);
}

static void step_ramp(grit_engine_t *engine) {
  const uint32_t rows = engine->model->header->film_rows;
  const int32_t step = (int32_t)++engine->ramp_step;
  engine->frames_left = RAMP_STEP_FRAMES;
  for (uint32_t i = 0; i < rows; i++) {
    const int32_t from = engine->start_multiplier[i];
    engine->now_multiplier[i] = (int16_t)(from + (((engine->target_multiplier[i] - from) * step) >> 2));
    const int64_t bias = engine->start_bias[i];
    engine->now_bias[i] = (int32_t)(bias + (((engine->target_bias[i] - bias) * step) >> 2));
  }
  use_rows(engine);
}

void grit_engine_set_position(grit_engine_t *engine, const int16_t *position) {
  const grit_model_t *model = engine->model;
  const uint32_t rows = model->header->film_rows;
  if (model->film == NULL) return;
  if (memcmp(engine->heading, position, model->position_count * sizeof(int16_t)) == 0) return;
  memcpy(engine->start_multiplier, engine->now_multiplier, rows * sizeof(int16_t));
  memcpy(engine->start_bias, engine->now_bias, rows * sizeof(int32_t));
  aim(engine, position);
  engine->ramp_step = 0;
  engine->frames_left = 0;
}

/* ---- audio --------------------------------------------------------------------------------------------------------
 */

static int16_t *frame_at(const ring_t *ring, uint32_t index) {
  return ring->frames + (size_t)index * ring->channels;
}

/* Steps `back` frames back from `next`, around the ring's end. back <= length. */
static uint32_t index_back(const ring_t *ring, uint32_t back) {
  return ring->next >= back ? ring->next - back : ring->next + ring->length - back;
}

static void advance(ring_t *ring, uint32_t frames) {
  ring->next += frames;
  if (ring->next >= ring->length) ring->next -= ring->length;
}

static uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* Sets taps[k] for the frame at `next`; returns how many of `frames` lie before any tap meets the ring's end. */
static uint32_t find_taps(const grit_conv_t *conv, const ring_t *ring, const int16_t **taps, uint32_t frames) {
  const uint32_t kernel = conv->record->kernel, dilation = conv->record->dilation;
  for (uint32_t k = 0; k < kernel; k++) {
    const uint32_t index = index_back(ring, (kernel - 1u - k) * dilation);
    taps[k] = frame_at(ring, index);
    frames = smaller(frames, ring->length - index);
  }
  return frames;
}

/* Silence's frame, just computed, was always there: fill the ring with it. */
static void settle(const ring_t *ring) {
  for (uint32_t i = 0; i < ring->length; i++)
    if (i != ring->next) memcpy(frame_at(ring, i), frame_at(ring, ring->next), ring->channels * sizeof(int16_t));
}

static void rechannel(const array_t *array, const int16_t *input, const ring_t *to, uint32_t frames) {
  const uint32_t inputs = array->rechannel.record->inputs;
  for (uint32_t done = 0; done < frames;) {
    const uint32_t index = (to->next + done) % to->length;
    const uint32_t run = smaller(frames - done, to->length - index);
    const int16_t *from = input + (size_t)done * inputs;
    grit_kernel_convolve(&array->rechannel, &from, NULL, frame_at(to, index), run);
    done += run;
  }
}

static void activate(const grit_layer_t *record, int16_t *pre, size_t channels, size_t frames, int16_t *z) {
  if (!record->gated) {
    if (record->activation == 2u) grit_kernel_tanh(pre, channels * frames);
    if (record->activation == 3u) grit_kernel_sigmoid(pre, channels * frames);
    return;
  }
  for (size_t frame = 0; frame < frames; frame++) {
    int16_t *main = pre + frame * 2u * channels;
    if (record->activation == 2u) grit_kernel_tanh(main, channels);
    if (record->activation == 3u) grit_kernel_sigmoid(main, channels);
    grit_kernel_sigmoid(main + channels, channels);
  }
  grit_kernel_gate(pre, z, channels, frames);
}

/* One layer over a chunk whose stream already stands in its ring. next: the following layer's ring, or NULL for
 * engine->stream. */
static void run_layer(grit_engine_t *engine, uint32_t index, ring_t *next, const int16_t *dry, uint32_t frames) {
  layer_t *layer = &engine->layers[index];
  const grit_layer_t *record = &engine->model->layers[index];
  const uint8_t *blob = engine->model->blob;
  const uint32_t channels = layer->ring.channels;
  const int16_t *taps[GRIT_MAX_KERNEL];
  int16_t *z = record->gated ? engine->z : engine->pre;
  for (uint32_t done = 0; done < frames;) {
    uint32_t run = find_taps(&layer->conv, &layer->ring, taps, frames - done);
    uint32_t to = 0;
    if (next != NULL) {
      to = (next->next + done) % next->length;
      run = smaller(run, next->length - to);
    }
    grit_kernel_convolve(&layer->conv, taps, dry + done, engine->pre, run);
    activate(record, engine->pre, channels, run, z);
    grit_kernel_skip(engine->skips + (size_t)done * channels, z, (const int8_t *)(blob + record->skip_weight), channels,
                     run);
    if (record->residual.rows != 0u) {
      int16_t *out = next != NULL ? frame_at(next, to) : engine->stream + (size_t)done * channels;
      grit_kernel_residual(&layer->residual, z, taps[record->conv.kernel - 1u], out, run);
    }
    advance(&layer->ring, run);
    done += run;
  }
}

static void run_head(grit_engine_t *engine, uint32_t index, int16_t *out, uint32_t frames) {
  array_t *array = &engine->arrays[index];
  ring_t *ring = &array->ring;
  const int16_t *taps[GRIT_MAX_KERNEL];
  const uint32_t rows = array->head.record->rows;
  for (uint32_t done = 0; done < frames;) {
    const uint32_t run = find_taps(&array->head, ring, taps, frames - done);
    grit_kernel_convolve(&array->head, taps, NULL, out + (size_t)done * rows, run);
    advance(ring, run);
    done += run;
  }
}

static void narrow(grit_engine_t *engine, uint32_t index, uint32_t frames) {
  const ring_t *ring = &engine->arrays[index].ring;
  const uint32_t shift = engine->model->arrays[index].skip_shift;
  for (uint32_t done = 0; done < frames;) {
    const uint32_t at = (ring->next + done) % ring->length;
    const uint32_t run = smaller(frames - done, ring->length - at);
    grit_kernel_narrow(engine->skips + (size_t)done * ring->channels, shift, frame_at(ring, at),
                       (size_t)run * ring->channels);
    done += run;
  }
}

/* At most CHUNK_FRAMES through the whole network. settling: `dry` is one frame of silence, and every ring fills with
 * what it makes of it. */
static void run_chunk(grit_engine_t *engine, const int16_t *dry, int16_t *out, uint32_t frames, bool settling) {
  const grit_model_t *model = engine->model;
  const uint32_t array_count = model->header->array_count;
  for (uint32_t a = 0; a < array_count; a++) {
    const grit_array_t *record = &model->arrays[a];
    const uint32_t channels = record->channels;
    const bool last = a + 1u == array_count;
    rechannel(&engine->arrays[a], a == 0u ? dry : engine->stream, &engine->layers[record->first_layer].ring, frames);
    memset(engine->skips, 0, (size_t)frames * channels * sizeof(int32_t));
    if (a > 0u) {
      const int8_t *weight = (const int8_t *)(model->blob + record->carry_weight);
      grit_kernel_skip(engine->skips, engine->carry, weight, channels, frames);
    }
    for (uint32_t i = 0; i < record->layer_count; i++) {
      const uint32_t index = record->first_layer + i;
      ring_t *next = i + 1u < record->layer_count ? &engine->layers[index + 1u].ring : NULL;
      if (settling) settle(&engine->layers[index].ring);
      run_layer(engine, index, next, dry, frames);
    }
    narrow(engine, a, frames);
    if (settling) settle(&engine->arrays[a].ring);
    run_head(engine, a, last ? out : engine->carry, frames);
  }
}

void grit_engine_reset(grit_engine_t *engine, const int16_t *position) {
  const grit_model_t *model = engine->model;
  const uint32_t rows = model->header->film_rows;
  aim(engine, position != NULL ? position : model->header->default_position);
  memcpy(engine->now_multiplier, engine->target_multiplier, rows * sizeof(int16_t));
  memcpy(engine->now_bias, engine->target_bias, rows * sizeof(int32_t));
  engine->ramp_step = GRIT_RAMP_STEPS;
  engine->frames_left = 0;
  use_rows(engine);
  for (uint32_t i = 0; i < model->header->layer_count; i++) engine->layers[i].ring.next = 0;
  for (uint32_t a = 0; a < model->header->array_count; a++) engine->arrays[a].ring.next = 0;
  const int16_t silence = 0;
  int16_t ignored;
  run_chunk(engine, &silence, &ignored, 1, true);
}

void grit_engine_process(grit_engine_t *engine, const int16_t *in, int16_t *out, size_t frames) {
  while (frames > 0u) {
    uint32_t chunk = frames < CHUNK_FRAMES ? (uint32_t)frames : CHUNK_FRAMES;
    if (engine->frames_left == 0u && engine->ramp_step < GRIT_RAMP_STEPS) step_ramp(engine);
    if (engine->frames_left > 0u) {
      chunk = smaller(chunk, engine->frames_left);
      engine->frames_left -= chunk;
    }
    run_chunk(engine, in, out, chunk, false);
    in += chunk;
    out += chunk;
    frames -= chunk;
  }
}
