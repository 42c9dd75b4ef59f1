/* Between the codec's 24 bits and the module's 16, with a factor per board. Portable, so that it is tested on a laptop.
 */
#ifndef GRITSPACE_DAISY_SAMPLES_H
#define GRITSPACE_DAISY_SAMPLES_H

#include <stdint.h>
#include <string.h>

#include "arithmetic.h"

#define DAISY_GAIN_BITS 12u /* a gain is Q12, less than 16 */

static inline int32_t daisy_clamp(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}

/* word: 24 bits, whatever is above them. Rounded to the nearest, a half upwards. */
static inline int16_t daisy_sample_in(uint32_t word, uint32_t gain) {
  return grit_saturate_word(grit_high_rounded((int32_t)(word << 8), (int32_t)(gain << (16u - DAISY_GAIN_BITS))));
}

/* The lowest value is one that every codec can play. */
static inline int32_t daisy_sample_out(int16_t sample, uint32_t gain) {
  return daisy_clamp(sample * (int32_t)gain >> (DAISY_GAIN_BITS - 8u), -0x7FFF82, 0x7FFF00);
}

/* DMA's memory is not cached: each transfer from there is waited for, so that four words come in one. */
typedef struct {
  uint32_t word[4];
} daisy_four_t;

static inline daisy_four_t daisy_fetch(const volatile uint32_t *at) {
#if defined(__arm__)
  register uint32_t a __asm("r4"), b __asm("r5"), c __asm("r6"), d __asm("r8");
  __asm volatile("ldmia %4, {%0, %1, %2, %3}" : "=r"(a), "=r"(b), "=r"(c), "=r"(d) : "r"(at) : "memory");
  return (daisy_four_t){{a, b, c, d}};
#else
  return (daisy_four_t){{at[0], at[1], at[2], at[3]}};
#endif
}

static inline void daisy_send(volatile int32_t *at, int32_t left, int32_t right, int32_t next_left,
                              int32_t next_right) {
#if defined(__arm__)
  register int32_t a __asm("r4") = left, b __asm("r5") = right, c __asm("r6") = next_left, d __asm("r8") = next_right;
  __asm volatile("stmia %4, {%0, %1, %2, %3}" : : "r"(a), "r"(b), "r"(c), "r"(d), "r"(at) : "memory");
#else
  at[0] = left, at[1] = right, at[2] = next_left, at[3] = next_right;
#endif
}

/* Of the panel's converter: so many codes, whole eights of them, from an address of whole words. */
static inline void daisy_codes_in(const volatile uint16_t *codes, uint16_t *to, uint32_t count) {
  const volatile uint32_t *from = (const volatile uint32_t *)(uintptr_t)codes;
  for (uint32_t i = 0; i < count; i += 8u, from += 4) {
    const daisy_four_t eight = daisy_fetch(from);
    memcpy(to + i, &eight, sizeof eight);
  }
}

/* A piece of so many frames, an even number, as DMA has it -> each channel's samples. */
static inline void daisy_samples_in(const volatile uint32_t *words, uint32_t gain, int16_t *left, int16_t *right,
                                    uint32_t frames) {
  for (const int16_t *end = left + frames; left < end; left += 2, right += 2, words += 4) {
    const daisy_four_t two = daisy_fetch(words);
    left[0] = daisy_sample_in(two.word[0], gain);
    right[0] = daisy_sample_in(two.word[1], gain);
    left[1] = daisy_sample_in(two.word[2], gain);
    right[1] = daisy_sample_in(two.word[3], gain);
  }
}

/* And back. */
static inline void daisy_samples_out(volatile int32_t *words, uint32_t gain, const int16_t *left, const int16_t *right,
                                     uint32_t frames) {
  for (const int16_t *end = left + frames; left < end; left += 2, right += 2, words += 4) {
    daisy_send(words, daisy_sample_out(left[0], gain), daisy_sample_out(right[0], gain),
               daisy_sample_out(left[1], gain), daisy_sample_out(right[1], gain));
  }
}

#endif
