/* FiLM at control rate: a position -> every film row's multiplier and bias. */
#ifndef GRITSPACE_FILM_H
#define GRITSPACE_FILM_H

#include <stdint.h>

#include "model.h"

/* base[rows]: multipliers at gain 1. multiplier[rows], bias[rows]: what the position makes of them. */
void grit_film_evaluate(const grit_model_t *model, const int16_t *position, const int16_t *base, int16_t *multiplier,
                        int32_t *bias);

#endif
