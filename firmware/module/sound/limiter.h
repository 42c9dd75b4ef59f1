/* The last thing before the converter: what is louder than its full scale bends instead of breaking. */
#ifndef GRITSPACE_LIMITER_H
#define GRITSPACE_LIMITER_H

#include <stdint.h>

/* Up to here (-2.5 dBFS) every sample goes through as it is. */
#define GRIT_LIMITER_KNEE 24576
/* From here on (1.9 dBFS) full scale comes out. Between them lies a parabola that meets both ends in level and slope.
 */
#define GRIT_LIMITER_CEILING (GRIT_LIMITER_KNEE + 2 * (32767 - GRIT_LIMITER_KNEE))

/* Any sample, 32767 being full scale -> -32767..32767. */
static inline int16_t grit_limit(int32_t sample) {
  int32_t loud = sample < 0 ? -(sample + (sample == INT32_MIN)) : sample;
  if (loud > GRIT_LIMITER_KNEE) {
    if (loud > GRIT_LIMITER_CEILING) loud = GRIT_LIMITER_CEILING;
    const int32_t over = loud - GRIT_LIMITER_KNEE;
    const int32_t room = 32767 - GRIT_LIMITER_KNEE;
    loud = GRIT_LIMITER_KNEE + over - over * over / (4 * room);
  }
  return (int16_t)(sample < 0 ? -loud : loud);
}

#endif
