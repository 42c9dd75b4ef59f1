/* Where everything of an engine lies: its memory is described once, and planned, counted and laid out from that. */
#ifndef GRITSPACE_LAYOUT_H
#define GRITSPACE_LAYOUT_H

#include "regions.h"
#include "state.h"

/* What lies in slow memory: histories of layers (bit i: layer i's), FiLM's weights, or all there is. */
typedef struct {
  uint64_t slow_layers;
  bool slow_film;
  bool all_slow;
} grit_plan_t;
_Static_assert(GRIT_MAX_LAYERS <= 64u, "a bit for each layer");

/* By heat: with so much fast memory, only the histories that are touched least for their size lie in slow memory. */
grit_plan_t grit_layout_plan(const grit_model_t *model, size_t fast_bytes);

/* The last plan before all is slow: every history in slow memory. */
grit_plan_t grit_layout_coolest(const grit_model_t *model);

/* Bytes of each. */
grit_engine_need_t grit_layout_need(const grit_model_t *model, const grit_plan_t *plan);

/* fast, slow: cleared memory, as much as is needed (NULL where that is nothing). The engine has not been reset yet. */
grit_engine_t *grit_layout(const grit_model_t *model, const grit_plan_t *plan, uint8_t *fast, uint8_t *slow);

#endif
