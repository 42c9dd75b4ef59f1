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

/* DMA's memory is not cached: each transfer from there is waited for, so that eight words come in one. */
typedef struct {
  uint32_t word[8];
} daisy_eight_t;

static inline daisy_eight_t daisy_fetch(const volatile uint32_t *at) {
#if defined(__arm__)
  register uint32_t a __asm("r4"), b __asm("r5"), c __asm("r6"), d __asm("r7");
  register uint32_t e __asm("r8"), f __asm("r9"), g __asm("r10"), h __asm("r12");
  __asm volatile("ldmia %8, {%0, %1, %2, %3, %4, %5, %6, %7}"
                 : "=r"(a), "=r"(b), "=r"(c), "=r"(d), "=r"(e), "=r"(f), "=r"(g), "=r"(h)
                 : "r"(at)
                 : "memory");
  return (daisy_eight_t){{a, b, c, d, e, f, g, h}};
#else
  return (daisy_eight_t){{at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]}};
#endif
}

/* s0 to s7: left and right by turns. */
static inline void daisy_send(volatile int32_t *at, int32_t s0, int32_t s1, int32_t s2, int32_t s3, int32_t s4,
                              int32_t s5, int32_t s6, int32_t s7) {
#if defined(__arm__)
  register int32_t a __asm("r4") = s0, b __asm("r5") = s1, c __asm("r6") = s2, d __asm("r7") = s3;
  register int32_t e __asm("r8") = s4, f __asm("r9") = s5, g __asm("r10") = s6, h __asm("r12") = s7;
  __asm volatile("stmia %8, {%0, %1, %2, %3, %4, %5, %6, %7}"
                 :
                 : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f), "r"(g), "r"(h), "r"(at)
                 : "memory");
#else
  at[0] = s0, at[1] = s1, at[2] = s2, at[3] = s3, at[4] = s4, at[5] = s5, at[6] = s6, at[7] = s7;
#endif
}

/* Of the panel's converter: so many codes, whole sixteens of them, from an address of whole words. */
static inline void daisy_codes_in(const volatile uint16_t *codes, uint16_t *to, uint32_t count) {
  const volatile uint32_t *from = (const volatile uint32_t *)(uintptr_t)codes;
  for (uint32_t i = 0; i < count; i += 16u, from += 8) {
    const daisy_eight_t sixteen = daisy_fetch(from);
    memcpy(to + i, &sixteen, sizeof sixteen);
  }
}

/* A piece of so many frames, whole fours of them, as DMA has it -> each channel's samples. */
static inline void daisy_samples_in(const volatile uint32_t *words, uint32_t gain, int16_t *left, int16_t *right,
                                    uint32_t frames) {
  for (const int16_t *end = left + frames; left < end; left += 4, right += 4, words += 8) {
    const daisy_eight_t four = daisy_fetch(words);
    left[0] = daisy_sample_in(four.word[0], gain);
    right[0] = daisy_sample_in(four.word[1], gain);
    left[1] = daisy_sample_in(four.word[2], gain);
    right[1] = daisy_sample_in(four.word[3], gain);
    left[2] = daisy_sample_in(four.word[4], gain);
    right[2] = daisy_sample_in(four.word[5], gain);
    left[3] = daisy_sample_in(four.word[6], gain);
    right[3] = daisy_sample_in(four.word[7], gain);
  }
}

/* And back. */
static inline void daisy_samples_out(volatile int32_t *words, uint32_t gain, const int16_t *left, const int16_t *right,
                                     uint32_t frames) {
  for (const int16_t *end = left + frames; left < end; left += 4, right += 4, words += 8) {
    daisy_send(words, daisy_sample_out(left[0], gain), daisy_sample_out(right[0], gain),
               daisy_sample_out(left[1], gain), daisy_sample_out(right[1], gain), daisy_sample_out(left[2], gain),
               daisy_sample_out(right[2], gain), daisy_sample_out(left[3], gain), daisy_sample_out(right[3], gain));
  }
}

#endif
