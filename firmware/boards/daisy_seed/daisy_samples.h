/* Between the codec's 24 bits and the module's 16, with a factor per board. Portable, so that it is tested on a laptop.
 */
#ifndef GRITSPACE_DAISY_SAMPLES_H
#define GRITSPACE_DAISY_SAMPLES_H

#include <stdint.h>

#define DAISY_GAIN_BITS 12u /* a gain is Q12 */

static inline int32_t daisy_clamp(int64_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : (int32_t)value;
}

/* word: 24 bits, whatever is above them. Rounded to the nearest, a half to the even one. */
static inline int16_t daisy_sample_in(uint32_t word, uint32_t gain) {
  const uint32_t shift = 8u + DAISY_GAIN_BITS;
  const int64_t exact = (int64_t)((int32_t)(word << 8) >> 8) * (int32_t)gain;
  const int64_t below_half = ((int64_t)1 << (shift - 1u)) - 1;
  return (int16_t)daisy_clamp((exact + below_half + (exact >> shift & 1)) >> shift, -32768, 32767);
}

/* The lowest value is one that every codec can play. */
static inline int32_t daisy_sample_out(int16_t sample, uint32_t gain) {
  const int64_t exact = ((int64_t)sample * (int32_t)gain) >> (DAISY_GAIN_BITS - 8u);
  return daisy_clamp(exact, -0x7FFF82, 0x7FFF00);
}

#endif
