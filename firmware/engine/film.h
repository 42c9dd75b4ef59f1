/* FiLM at control rate: a position -> every film row's multiplier and bias. */
#ifndef GRITSPACE_FILM_H
#define GRITSPACE_FILM_H

#include <stdint.h>

/* A dense layer, where the engine keeps it: an evaluation reads each word once, which from a model's own memory would
 * be most of what it costs. */
typedef struct {
  const int16_t *weight; /* [rows][inputs] */
  const int32_t *bias;
  const uint8_t *shift;
  uint32_t rows, inputs;
} grit_film_layer_t;

typedef struct {
  grit_film_layer_t hidden, gain, bias; /* as in grit_film_t */
} grit_film_layers_t;

/* base[rows]: multipliers at gain 1. multiplier[rows], bias[rows]: what the position makes of them. */
void grit_film_evaluate(const grit_film_layers_t *film, const int16_t *position, const int16_t *base,
                        int16_t *multiplier, int32_t *bias);

#endif
