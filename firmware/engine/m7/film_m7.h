/* FiLM's dense rows on the Cortex-M7: film_m7.S. */
#ifndef GRITSPACE_FILM_M7_H
#define GRITSPACE_FILM_M7_H

#include <stdint.h>

/* Rows of a dense layer; the assembly knows the offsets. */
typedef struct {
  const int16_t *weight; /* of the first row */
  uint32_t row_bytes;    /* of its inputs: a multiple of 16, 16 to 128 */
  const int32_t *bias;
  const uint8_t *shift;
  int32_t *out;
  uint32_t rows; /* a multiple of four, not 0 */
} grit_film_m7_rows_t;

extern void grit_film_m7_rows(const grit_film_m7_rows_t *rows, const int16_t *x);

#endif
