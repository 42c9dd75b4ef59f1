/* What an engine keeps: the types that its layout, histories, ramps and audio path share. */
#ifndef GRITSPACE_STATE_H
#define GRITSPACE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "film.h"
#include "history.h"
#include "kernels.h"
#include "model_types.h"

#define GRIT_NO_STEP UINT32_MAX

typedef struct {
  grit_conv_t conv, residual;
  grit_history_t history;                   /* of the residual stream as this layer sees it */
  int16_t *z;                               /* where its outputs go */
  const int8_t *skip_weight, *stream_shift; /* the model's, here; no shift: NULL */
} grit_layer_state_t;

typedef struct {
  grit_conv_t rechannel, head;
  grit_history_t history; /* of the narrowed skip sum */
  grit_slots_t slots;
  int16_t *out; /* where the head's outputs go */
} grit_array_state_t;

/* The model's records and what of its bytes is read in every chunk lie here as well: the file may lie in memory that is
 * slow to answer. */
typedef struct grit_engine {
  const grit_model_t *model; /* own */
  grit_model_t own;
  uint32_t array_count;
  grit_array_state_t *arrays;
  grit_layer_state_t *layers;
  const grit_film_layers_t *film; /* a copy of the model's; a snapshot has none */
  /* Film rows, every layer's convolution's and then the last head's; a snapshot
   * has none. A ramp goes from start to target in steps. */
  int16_t *base, *start_multiplier, *target_multiplier;
  int32_t *start_bias, *target_bias;
  int16_t heading[GRIT_MAX_POSITION]; /* the ramp's target */
  int16_t wanted[GRIT_MAX_POSITION];  /* the latest position set */
  uint32_t ramp_step;                 /* taken so far; GRIT_RAMP_STEPS: the target is reached */
  uint32_t frames_left;               /* until the next, or until another ramp may begin */
  uint32_t step_at;                   /* frame of the present chunk at which a step is taken;
                                         GRIT_NO_STEP: none */
  uint32_t film_row;                  /* where the next convolution's film rows stand */
  /* Scratch for one chunk. block: the stream, or a head's input; before it there
   * is room for the longest copied history. z: of even and of odd layers; then
   * z[0] what a head puts out, z[1] the next array's input. */
  int16_t *block, *pre, *z[2];
  int32_t *dry, *skips;
  int16_t *slots;             /* the arrays' in turn */
  int16_t *stage;             /* a stream shifted down, of a layer in one pass */
  uintptr_t planes;           /* layers run in two planes (kernels.h); 0: as usual */
  grit_skip_t waiting;        /* a layer's outputs not yet in the skip sums: they go in
                                 with the next one's. z NULL: none */
  struct grit_slopes *slopes; /* bend.h; NULL: as trained */
  struct grit_hold *hold;     /* the same; NULL: none */
} grit_engine_t;

#endif
