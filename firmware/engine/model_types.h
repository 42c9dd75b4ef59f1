/* An opened model: the header's figures and typed pointers into the blob. */
#ifndef GRITSPACE_MODEL_TYPES_H
#define GRITSPACE_MODEL_TYPES_H

#include <stdint.h>

#include "generated/grit_format.h"

typedef struct {
  const uint8_t *blob;
  const grit_header_t *header;
  const grit_array_t *arrays;
  const grit_layer_t *layers;
  const grit_film_t *film; /* NULL: a snapshot */
  const char *name;        /* UTF-8, ends with a zero */
  uint16_t position_count; /* 0: a snapshot */
  uint16_t output_shift;   /* output full scale is 2^output_shift */
} grit_model_t;

#endif
