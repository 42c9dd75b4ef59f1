/* FiLM at control rate: a position -> every film row's multiplier and bias. */
#ifndef GRITSPACE_FILM_H
#define GRITSPACE_FILM_H

#include <stdint.h>

#include "model.h"

/* base[rows]: multipliers at gain 1. multiplier[rows], bias[rows]: what the position makes of them. */
void grit_film_evaluate(const grit_model_t *model, const int16_t *position, const int16_t *base, int16_t *multiplier,
                        int32_t *bias);

/* What accumulators below zero meet under a leaky ReLU of this slope; the pair in one word. */
static inline uint32_t grit_multiplier_pair(int32_t multiplier, int32_t slope_q15) {
  const uint32_t negative = (uint32_t)((multiplier * slope_q15 + (1 << 14)) >> 15);
  return negative << 16 | (uint32_t)multiplier;
}

#endif
