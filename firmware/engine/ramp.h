/* A position's way into the kernels: multipliers and biases that move in steps. */
#ifndef GRITSPACE_RAMP_H
#define GRITSPACE_RAMP_H

#include "state.h"

/* Stands still at `position` (NULL: the model's default), in all kernels at once. */
void grit_ramp_reset(grit_engine_t *engine, const int16_t *position);

/* Finds the ramp step that falls into the next `frames` frames: engine->step_at. */
void grit_ramp_plan(grit_engine_t *engine, uint32_t frames);

/* Hands a convolution's film rows, from `first` on, to the kernels. */
void grit_ramp_use(const grit_engine_t *engine, const grit_conv_t *conv, uint32_t first, uint32_t step);

#endif
