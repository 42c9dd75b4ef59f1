/* The integer rules, each as in quantize/model/arithmetic.py, which cites their sources. */
#ifndef GRITSPACE_ARITHMETIC_H
#define GRITSPACE_ARITHMETIC_H

#include <stdint.h>

static inline int16_t grit_saturate(int64_t x) {
  return (int16_t)(x < INT16_MIN ? INT16_MIN : (x > INT16_MAX ? INT16_MAX : x));
}

/* The same of a word: one SSAT, which compilers find only sometimes. */
static inline int16_t grit_saturate_word(int32_t x) {
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
  int32_t saturated;
  __asm("ssat %0, #16, %1" : "=r"(saturated) : "r"(x));
  return (int16_t)saturated;
#else
  return (int16_t)(x < INT16_MIN ? INT16_MIN : (x > INT16_MAX ? INT16_MAX : x));
#endif
}

/* (acc * multiplier + half) >> shift, saturated; the multiplier by the accumulator's sign. shift: 17..46. */
static inline int16_t grit_requantize(int32_t acc, uint32_t multiplier, uint32_t shift) {
  const int64_t factor = acc < 0 ? (int64_t)(multiplier >> 16) : (int64_t)(multiplier & 0xFFFFu);
  return grit_saturate((acc * factor + ((int64_t)1 << (shift - 1u))) >> shift);
}

/* (acc + half) >> shift without the sum that could overflow. */
static inline int32_t grit_shift_round(int32_t acc, uint32_t shift) {
  return shift == 0u ? acc : ((acc >> (shift - 1u)) + 1) >> 1;
}

/* One table look-up with interpolation, rounding symmetric about zero. base: the entry's low half, signed or not. */
static inline int16_t grit_interpolate(int32_t x, int32_t base, uint32_t entry, uint32_t shift) {
  const int32_t slope = (int16_t)(entry >> 16);
  const int32_t half = (1 << (shift - 1u)) + (x >> 31);
  return (int16_t)((base * 128 + slope * (x & 127) + half) >> shift);
}

/* (a * b + 2^31) >> 32: the upper word of a product, rounded. One instruction where there is SMMULR, which compilers do
 * not find. */
static inline int32_t grit_high_rounded(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
  int32_t high;
  __asm("smmulr %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
  return high;
#else
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32);
#endif
}

/* What accumulators below zero meet under a leaky ReLU of this slope; the pair in one word. */
static inline uint32_t grit_multiplier_pair(int32_t multiplier, int32_t slope_q15) {
  const uint32_t negative = (uint32_t)((multiplier * slope_q15 + (1 << 14)) >> 15);
  return negative << 16 | (uint32_t)multiplier;
}

#endif
