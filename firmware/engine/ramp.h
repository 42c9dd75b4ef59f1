/* A position's way into the kernels: multipliers and biases that move in steps. */
#ifndef GRITSPACE_RAMP_H
#define GRITSPACE_RAMP_H

#include "state.h"

/* Stands still at `position` (NULL: the model's default), in all kernels at once. */
void grit_ramp_reset(grit_engine_t *engine, const int16_t *position);

/* Finds the ramp step that falls into the next `frames` frames: engine->step_at. */
void grit_ramp_plan(grit_engine_t *engine, uint32_t frames);

/* The film rows from `first` on. */
static inline grit_ramp_t grit_ramp_from(const grit_engine_t *engine, uint32_t first) {
  const grit_ramp_t ramp = {engine->start_bias + first, engine->target_bias + first, engine->start_multiplier + first,
                            engine->target_multiplier + first};
  return ramp;
}

/* Hands a convolution's film rows, from `first` on, to the kernels. */
static inline void grit_ramp_use(const grit_engine_t *engine, const grit_conv_t *conv, uint32_t first, uint32_t step) {
  const grit_ramp_t ramp = grit_ramp_from(engine, first);
  grit_kernel_set_rows(conv, &ramp, step);
}

#endif
