/* What the blocks cost: median and 99th percentile of the last ones, the worst of all, and those that came late. */
#ifndef GRITSPACE_LOAD_H
#define GRITSPACE_LOAD_H

#include <stdint.h>

#define GRIT_LOAD_WINDOW 256u /* blocks */

typedef struct {
  uint32_t window[GRIT_LOAD_WINDOW];
  uint32_t filled; /* of the window */
  uint32_t blocks; /* since power-up */
  uint32_t max;    /* since power-up */
  uint32_t xruns;  /* since power-up */
} grit_load_t;

void grit_load_add(grit_load_t *load, uint32_t work);

/* The least of the window's figures that at least `percent` of 100 of them do not exceed; 0 before the first block. */
uint32_t grit_load_percentile(const grit_load_t *load, uint32_t percent);

#endif
