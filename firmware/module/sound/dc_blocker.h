/* Takes away what does not move: a first-order high-pass at 7.5 Hz. Asymmetric distortion makes an offset that the
 * output's coupling capacitor would turn into thumps and lost headroom. */
#ifndef GRITSPACE_DC_BLOCKER_H
#define GRITSPACE_DC_BLOCKER_H

#include <stdint.h>

#define GRIT_DC_SHIFT 10u    /* corner: 48000 / (2 pi 2^10) Hz */
#define GRIT_DC_FRACTION 12u /* bits behind the point that the mean is kept in */
/* Most that a sample may be, to either side: 12 dB above full scale. A difference of two such means still has 31 bits.
 */
#define GRIT_DC_MAX_INPUT (1 << 17)

typedef struct {
  int32_t mean; /* of what came, in 2^-GRIT_DC_FRACTION of a sample's unit */
} grit_dc_blocker_t;

static inline int32_t grit_dc_block(grit_dc_blocker_t *blocker, int32_t sample) {
  blocker->mean += (sample * (1 << GRIT_DC_FRACTION) - blocker->mean) >> GRIT_DC_SHIFT;
  return sample - ((blocker->mean + (1 << (GRIT_DC_FRACTION - 1u))) >> GRIT_DC_FRACTION);
}

#endif
