#include "bend.h"

#include <string.h>

#include "arithmetic.h"
#include "state.h"

static uint32_t place_of(uint32_t array) {
  return array < GRIT_BENT_ARRAYS ? array : GRIT_BENT_ARRAYS - 1u;
}

/* A leaky ReLU's slope on its way: to 1 or to 0. */
static uint16_t slope_at(int32_t trained, int32_t way) {
  const int32_t end = way > 0 ? INT16_MAX : 0;
  return (uint16_t)(trained + (((end - trained) * (way < 0 ? -way : way)) >> 15));
}

static void bend_leaky_layers(struct grit_engine *engine, uint32_t place, int32_t way) {
  const grit_model_t *model = engine->model;
  for (uint32_t a = 0, i = 0; a < model->header->array_count; a++)
    for (uint32_t end = i + model->arrays[a].layer_count; i < end; i++) {
      const grit_layer_t *record = &model->layers[i];
      grit_conv_t *conv = &engine->layers[i].conv;
      if (place_of(a) == place && conv->slope != GRIT_NO_SLOPE) {
        conv->slope = slope_at(record->slope_q15, way);
        grit_kernel_use_slope(conv);
      }
    }
}

/* Whether a tanh is bent at a place: a table is made anew in half a thousand steps, block by block, for nobody else. */
static bool has_tanh(const grit_model_t *model, uint32_t place) {
  for (uint32_t a = 0, i = 0; a < model->header->array_count; a++)
    for (uint32_t end = i + model->arrays[a].layer_count; i < end; i++)
      if (place_of(a) == place && model->layers[i].activation == GRIT_ACTIVATION_TANH) return true;
  return false;
}

void grit_engine_bend_slopes(struct grit_engine *engine, grit_slopes_t *slopes, const int32_t ways[GRIT_BENT_ARRAYS]) {
  bool any = false;
  for (uint32_t n = 0; n < GRIT_BENT_ARRAYS; n++) {
    any |= ways[n] != 0;
    if (ways[n] == slopes->ways[n]) continue;
    slopes->ways[n] = ways[n];
    if (has_tanh(engine->model, n)) grit_kernel_bend_tanh(&slopes->lines[n], ways[n]);
    bend_leaky_layers(engine, n, ways[n]);
  }
  engine->slopes = any ? slopes : NULL;
}

void grit_engine_hold(struct grit_engine *engine, grit_hold_t *hold) {
  engine->hold = hold;
}

uint32_t grit_engine_holdable(const grit_model_t *model) {
  return model->header->layer_count - 1u;
}

static void take(grit_hold_t *hold) {
  hold->noise = hold->noise * 1664525u + 1013904223u;
  const uint32_t most = (hold->length * hold->spread) >> 15;
  hold->left = hold->taken = hold->length + ((most * (hold->noise >> 17)) >> 15);
}

void grit_hold_stream(grit_hold_t *hold, int16_t *stream, uint32_t channels, uint32_t frames, uintptr_t planes) {
  const uint32_t stride = planes != 0u ? 2u : channels;
  if (planes != 0u) channels = 3u;
  if (hold->taken_of != hold->layer) hold->left = 0;
  hold->taken_of = hold->layer;
  for (uint32_t frame = 0; frame < frames; frame++, stream += stride) {
    const bool takes = hold->left == 0u;
    if (takes) take(hold);
    const int32_t falls = hold->fades != 0u ? (int32_t)(hold->left * 32768u / hold->taken) : 32768;
    for (uint32_t c = 0; c < channels; c++) {
      int16_t *sample = planes != 0u && c == 2u ? grit_third(planes, stream) : stream + c;
      if (takes) hold->held[c] = *sample;
      const int32_t held = (hold->held[c] * falls) >> 15;
      *sample = grit_saturate((held * hold->mix + *sample * (32768 - hold->mix)) >> 15);
    }
    hold->left--;
  }
}
