#include "ramp.h"

#include <string.h>

#include "film.h"

#define RAMP_STEP_FRAMES (GRIT_RAMP_FRAMES / GRIT_RAMP_STEPS)
_Static_assert(RAMP_STEP_FRAMES >= GRIT_CHUNK_FRAMES, "a chunk has room for one ramp step");

/* The target's rows, everywhere. */
static void use_target(const grit_engine_t *engine) {
  const grit_header_t *header = engine->model->header;
  uint32_t row = 0;
  for (uint32_t i = 0; i < header->layer_count; i++) {
    grit_ramp_use(engine, &engine->layers[i].conv, row, GRIT_RAMP_STEPS);
    row += engine->layers[i].conv.record->rows;
  }
  grit_ramp_use(engine, &engine->arrays[header->array_count - 1u].head, row, GRIT_RAMP_STEPS);
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
  memcpy(engine->heading, engine->wanted, sizeof engine->heading);
  grit_film_evaluate(engine->film, engine->heading, engine->base, engine->target_multiplier, engine->target_bias);
}

void grit_ramp_reset(grit_engine_t *engine, const int16_t *position) {
  const grit_model_t *model = engine->model;
  engine->ramp_step = GRIT_RAMP_STEPS;
  engine->frames_left = 0;
  if (model->film == NULL) return;
  set_base(engine);
  if (position == NULL) position = model->header->default_position;
  memcpy(engine->wanted, position, model->position_count * sizeof(int16_t));
  aim(engine);
  use_target(engine);
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
GRIT_FAST_CODE void grit_ramp_plan(grit_engine_t *engine, uint32_t frames) {
  engine->step_at = GRIT_NO_STEP;
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
