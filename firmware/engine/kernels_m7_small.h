/* What makes small networks fast on the Cortex-M7: what kernels_m7_small.c and kernels_m7_small.S share, and what
 * kernels_m7.c hands on. */
#ifndef GRITSPACE_KERNELS_M7_SMALL_H
#define GRITSPACE_KERNELS_M7_SMALL_H

#include "kernels.h"

/* Two channels of all slots (kernels.h), by three frames up to `end`. */
typedef struct {
  const int16_t *z;       /* of slot 0 */
  const int16_t *weights; /* two a slot */
  const int16_t *end;     /* of z */
  int16_t *out;
  const int16_t *last; /* behind the weights */
  int32_t factor;      /* 2^(32 - shift) */
  uint32_t frame_bytes, slot_bytes;
} grit_m7_gather_t;
extern void grit_m7_gather(const grit_m7_gather_t *call);
#define GRIT_M7_GATHER_FRAMES 3u

#endif
