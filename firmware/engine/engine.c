#include "engine.h"

#include <string.h>

#include "bend.h"
#include "layout.h"
#include "ramp.h"

/* Kept out of line, so that a profile tells layers apart
 * (quantize/cycles/trace.py reads their second argument). */
#define MARKED __attribute__((noinline))

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
                                                                           const grit_history_t *history, int16_t *out,
                                                                           uint32_t frames, uint32_t step_at) {
  uint8_t until[GRIT_MAX_KERNEL];
  uint32_t aim_at = history->copied ? frames : 0u; /* when a tap has to be aimed next */
  for (uint32_t done = 0; done < frames;) {
    if (done == step_at) {
      grit_ramp_use(engine, conv, engine->film_row, engine->ramp_step);
      step_at = GRIT_NO_STEP;
    }
    if (done == aim_at)
      aim_at = done == 0u ? grit_history_aim_all(conv, history, until)
                          : grit_history_aim_due(conv, history, history->chunk, done, until);
    const uint32_t end = grit_smaller(grit_smaller(aim_at, step_at), frames);
    convolve_stretch(engine, conv, conv->three ? engine->planes : 0u, out, done, end);
    done = end;
  }
}

/* conv over the whole chunk, its history included, into out. step_at: where its
 * rows take a ramp step, or GRIT_NO_STEP. */
static GRIT_FAST_CODE void convolve(grit_engine_t *engine, const grit_conv_t *conv, grit_history_t *history,
                                    int16_t *out, uint32_t frames, uint32_t step_at) {
  const uintptr_t planes = conv->three ? engine->planes : 0u;
  grit_history_recall(history, history->chunk, planes);
  if (step_at == 0u) { /* where it falls as long as blocks are whole chunks */
    grit_ramp_use(engine, conv, engine->film_row, engine->ramp_step);
    step_at = GRIT_NO_STEP;
  }
  if (history->copied && step_at == GRIT_NO_STEP)
    convolve_stretch(engine, conv, planes, out, 0, frames);
  else
    convolve_in_stretches(engine, conv, history, out, frames, step_at);
  grit_history_remember(history, history->chunk, frames, planes);
}

static void gate(const grit_layer_t *record, int16_t *pre, size_t channels, size_t frames, int16_t *z) {
  for (size_t frame = 0; frame < frames; frame++) {
    int16_t *main = pre + frame * 2u * channels;
    if (record->activation == GRIT_ACTIVATION_TANH) grit_kernel_tanh(main, channels);
    if (record->activation == GRIT_ACTIVATION_SIGMOID) grit_kernel_sigmoid(main, channels);
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
  grit_ramp_use(engine, conv, engine->film_row, engine->ramp_step);
  const size_t samples = (size_t)step_at * conv->record->rows;
  const grit_pass_t rest = {pass->then, pass->dry + step_at, pass->z + samples, pass->base + samples,
                            pass->out + samples};
  grit_kernel_pass(conv, first + step_at, &rest, frames - step_at);
}

/* One layer in one pass. It puts the stream where the next one has its chunk, an array's last where the next array
 * looks. */
static GRIT_FAST_CODE MARKED void run_pass(grit_engine_t *engine, uint32_t index, uint32_t frames, bool last) {
  grit_layer_state_t *layer = &engine->layers[index];
  const grit_conv_t *conv = &layer->conv;
  grit_history_t *history = &layer->history;
  const uint32_t channels = history->channels;
  int16_t *out = last ? engine->block : layer[1].history.chunk;
  grit_pass_t pass = {&layer->residual, engine->dry, layer->z, history->chunk, out};
  if (layer->stream_shift != NULL) {
    grit_kernel_shift(engine->stage, history->chunk, layer->stream_shift, channels, frames);
    pass.base = engine->stage;
  }
  if (engine->step_at >= frames)
    grit_kernel_pass(conv, history->next, &pass, frames);
  else
    pass_with_step(engine, conv, history->next, &pass, frames, engine->step_at);
  if (engine->hold != NULL && engine->hold->layer == index) grit_hold_stream(engine->hold, out, channels, frames, 0);
  grit_history_slide(history, frames);
  engine->film_row += channels;
}

/* One layer over a chunk whose stream stands in engine->block, where the next
 * layer's will stand. */
static GRIT_FAST_CODE MARKED void run_layer(grit_engine_t *engine, uint32_t index, uint32_t frames, bool gathered) {
  grit_layer_state_t *layer = &engine->layers[index];
  const grit_layer_t *record = &engine->model->layers[index];
  const uint32_t channels = layer->history.channels;
  int16_t *z = layer->z;
  convolve(engine, &layer->conv, &layer->history, record->gated ? engine->pre : z, frames, engine->step_at);
  engine->film_row += layer->conv.record->rows;
  if (record->gated) gate(record, engine->pre, channels, frames, z);
  if (!record->gated && record->activation == GRIT_ACTIVATION_SIGMOID)
    grit_kernel_sigmoid(z, (size_t)channels * frames);
  if (!gathered) add_skip(engine, z, layer->skip_weight, channels, frames);
  if (record->residual.rows == 0u) return;
  const int8_t *shift = layer->stream_shift;
  if (engine->planes != 0u) {
    if (shift != NULL) grit_three_shift(engine->planes, engine->block, shift, frames);
    grit_three_residual(&layer->residual, engine->planes, z, engine->block, frames);
  } else {
    if (shift != NULL) grit_kernel_shift(engine->block, engine->block, shift, channels, frames);
    grit_kernel_residual(&layer->residual, z, engine->block, frames);
  }
  if (engine->hold != NULL && engine->hold->layer == index)
    grit_hold_stream(engine->hold, engine->block, layer->history.channels, frames, engine->planes);
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
  const bool last = index + 1u == engine->array_count;
  grit_array_state_t *array = &engine->arrays[index];
  narrow_skips(engine, index, frames);
  convolve(engine, &array->head, &array->history, array->out, frames, last ? engine->step_at : GRIT_NO_STEP);
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
 * GRIT_CHUNK_FRAMES. settling: it is one frame of silence, and every history fills
 * with what becomes of it. */
static GRIT_FAST_CODE void run_chunk(grit_engine_t *engine, uint32_t frames, bool settling) {
  const grit_model_t *model = engine->model;
  const uint32_t array_count = engine->array_count;
  run_rechannel(engine, 0, frames);
  engine->film_row = 0;
  for (uint32_t a = 0; a < array_count; a++) {
    const grit_array_t *record = &model->arrays[a];
    const uint32_t channels = record->channels;
    const bool last = a + 1u == array_count;
    const bool gathered = engine->arrays[a].slots.count != 0u;
    if (engine->slopes != NULL) {
      const uint32_t n = a < GRIT_BENT_ARRAYS ? a : GRIT_BENT_ARRAYS - 1u;
      grit_kernel_use_tanh(engine->slopes->ways[n] != 0 ? &engine->slopes->lines[n] : NULL);
    }
    if (!gathered) grit_kernel_clear(engine->skips, (size_t)frames * channels);
    if (!gathered && a > 0u) {
      const int8_t *weight = (const int8_t *)(model->blob + record->carry_weight);
      grit_kernel_skip(engine->skips, engine->z[0], weight, channels, frames); /* the head's before */
    }
    for (uint32_t i = record->first_layer; i < (uint32_t)record->first_layer + record->layer_count; i++) {
      if (settling) grit_history_settle(&engine->layers[i].history, engine->layers[i].history.chunk, engine->planes);
      if (engine->layers[i].conv.use == GRIT_LAYER)
        run_pass(engine, i, frames, i + 1u == (uint32_t)record->first_layer + record->layer_count);
      else
        run_layer(engine, i, frames, gathered);
    }
    if (!gathered) add_last_skip(engine, channels, frames);
    if (!last) run_rechannel(engine, a + 1u, frames); /* before the head, which needs the block */
    if (settling) {
      narrow_skips(engine, a, 1u);
      grit_history_settle(&engine->arrays[a].history, engine->block, 0);
    }
    run_head(engine, a, frames);
    if (!last && engine->layers[record[1].first_layer].history.chunk == engine->block)
      grit_history_copy(engine->block, engine->z[1], frames, record[1].channels, 0);
  }
  if (engine->slopes != NULL) grit_kernel_use_tanh(NULL);
}

static void start_rings(grit_engine_t *engine) {
  const grit_header_t *header = engine->model->header;
  for (uint32_t i = 0; i < header->layer_count; i++) {
    grit_history_t *history = &engine->layers[i].history;
    history->next = 0;
    if (history->slides) history->chunk = grit_history_slid_chunk(history);
  }
  for (uint32_t a = 0; a < header->array_count; a++) engine->arrays[a].history.next = 0;
}

void grit_engine_reset(grit_engine_t *engine, const int16_t *position) {
  grit_ramp_reset(engine, position);
  start_rings(engine);
  memset(engine->dry, 0, GRIT_CHUNK_FRAMES * sizeof(int32_t));
  grit_ramp_plan(engine, 1);
  run_chunk(engine, 1, true);
  start_rings(engine); /* at an even frame; what they hold is all the same */
}

size_t grit_engine_state_bytes(const grit_model_t *model) {
  return grit_engine_need(model, SIZE_MAX).fast;
}

grit_engine_need_t grit_engine_need(const grit_model_t *model, size_t fast_bytes) {
  const grit_plan_t plan = grit_layout_plan(model, fast_bytes);
  return grit_layout_need(model, &plan);
}

size_t grit_engine_core(const grit_model_t *model) {
  const grit_plan_t plan = grit_layout_coolest(model);
  return grit_layout_need(model, &plan).fast;
}

static bool takes(const grit_region_t *region, size_t bytes) {
  return bytes == 0u || (region->at != NULL && (uintptr_t)region->at % 8u == 0u && region->bytes >= bytes);
}

grit_engine_t *grit_engine_open_in(const grit_model_t *model, const grit_engine_memory_t *memory,
                                   const int16_t *position) {
  const grit_plan_t plan = grit_layout_plan(model, memory->fast.bytes);
  const grit_engine_need_t need = grit_layout_need(model, &plan);
  if (!takes(&memory->fast, need.fast) || !takes(&memory->slow, need.slow)) return NULL;
  if (need.fast > 0u) memset(memory->fast.at, 0, need.fast);
  if (need.slow > 0u) memset(memory->slow.at, 0, need.slow);
  grit_engine_t *engine = grit_layout(model, &plan, memory->fast.at, memory->slow.at);
  grit_engine_reset(engine, position);
  return engine;
}

grit_engine_t *grit_engine_open(const grit_model_t *model, void *arena, size_t arena_bytes, const int16_t *position) {
  const grit_engine_memory_t memory = {.fast = {arena, arena_bytes}};
  return grit_engine_open_in(model, &memory, position);
}

void grit_engine_set_position(grit_engine_t *engine, const int16_t *position) {
  if (engine->model->film != NULL) memcpy(engine->wanted, position, engine->model->position_count * sizeof(int16_t));
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
    const uint32_t chunk = frames < GRIT_CHUNK_FRAMES ? (uint32_t)frames : GRIT_CHUNK_FRAMES;
    grit_ramp_plan(engine, chunk);
    widen(engine->dry, in, chunk);
    run_chunk(engine, chunk, false);
    take_out(out, engine->z[0], chunk);
    in += chunk;
    out += chunk;
    frames -= chunk;
  }
}
