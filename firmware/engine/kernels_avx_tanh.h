/* tanh's table with a laptop's vectors, the same bits: looked up by permutations where there is AVX-512, eight at a
 * time by gathers else. Included by kernels_avx2.h only. */
#ifndef GRITSPACE_KERNELS_AVX_TANH_H
#define GRITSPACE_KERNELS_AVX_TANH_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "generated/tables.h"

#ifdef __AVX512BW__

#define TANH_LANES 32u
#define TANH_ENTRIES 256u /* above zero; below it is the same with another sign */

static _Alignas(64) int16_t tanh_base[TANH_ENTRIES], tanh_slope[TANH_ENTRIES]; /* the table's halves */

static void tanh_start(void) {
  for (uint32_t i = 0; i < TANH_ENTRIES; i++) {
    tanh_base[i] = (int16_t)(grit_tanh_table[TANH_ENTRIES + i] & 0xFFFFu);
    tanh_slope[i] = (int16_t)(grit_tanh_table[TANH_ENTRIES + i] >> 16);
  }
}

static inline __attribute__((always_inline)) __m512i sixty_four(const int16_t *table, uint32_t at, __m512i index) {
  return _mm512_permutex2var_epi16(_mm512_load_si512(table + 64u * at), index,
                                   _mm512_load_si512(table + 64u * at + 32u));
}

/* table[index], a tree of choices: the index's two highest bits as masks. */
static inline __attribute__((always_inline)) __m512i looked_up(const int16_t *table, __m512i index, __mmask32 sixth,
                                                               __mmask32 seventh) {
  const __m512i low = _mm512_mask_blend_epi16(sixth, sixty_four(table, 0, index), sixty_four(table, 1, index));
  const __m512i high = _mm512_mask_blend_epi16(sixth, sixty_four(table, 2, index), sixty_four(table, 3, index));
  return _mm512_mask_blend_epi16(seventh, low, high);
}

/* base + (slope * rest + 64 >> 7), of the amount; mulhrs is (a * b + 2^14) >> 15. */
static inline __m512i tanh_of(__m512i x) {
  const __m512i amount = _mm512_min_epu16(_mm512_abs_epi16(x), _mm512_set1_epi16(INT16_MAX));
  const __m512i index = _mm512_srli_epi16(amount, 7);
  const __mmask32 sixth = _mm512_test_epi16_mask(index, _mm512_set1_epi16(64));
  const __mmask32 seventh = _mm512_test_epi16_mask(index, _mm512_set1_epi16(128));
  const __m512i rest = _mm512_and_si512(_mm512_slli_epi16(amount, 8), _mm512_set1_epi16(127 << 8));
  const __m512i above = _mm512_mulhrs_epi16(looked_up(tanh_slope, index, sixth, seventh), rest);
  const __m512i y = _mm512_adds_epi16(looked_up(tanh_base, index, sixth, seventh), above);
  return _mm512_mask_sub_epi16(y, _mm512_movepi16_mask(x), _mm512_setzero_si512(), y);
}

static void tanh_wide(int16_t *x, size_t count) {
  size_t i = 0;
  for (; i + TANH_LANES <= count; i += TANH_LANES) _mm512_storeu_si512(x + i, tanh_of(_mm512_loadu_si512(x + i)));
  if (i == count) return;
  const __mmask32 there = (__mmask32)(((uint64_t)1 << (count - i)) - 1u);
  _mm512_mask_storeu_epi16(x + i, there, tanh_of(_mm512_maskz_loadu_epi16(there, x + i)));
}

#else

#define TANH_LANES 8u

static void tanh_start(void) {}

static inline __m128i tanh_of(__m128i narrow) {
  const __m256i x = _mm256_cvtepi16_epi32(narrow);
  const __m256i index = _mm256_add_epi32(_mm256_srai_epi32(x, 7), _mm256_set1_epi32(256));
  const __m256i entry = _mm256_i32gather_epi32((const int *)(const void *)grit_tanh_table, index, 4);
  const __m256i rest = _mm256_slli_epi32(_mm256_and_si256(x, _mm256_set1_epi32(127)), 16);
  const __m256i half = _mm256_add_epi32(_mm256_srai_epi32(x, 31), _mm256_set1_epi32(64));
  const __m256i sum = _mm256_madd_epi16(entry, _mm256_or_si256(rest, _mm256_set1_epi32(128)));
  const __m256i y = _mm256_srai_epi32(_mm256_add_epi32(sum, half), 7);
  return _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
}

static void tanh_wide(int16_t *x, size_t count) {
  size_t i = 0;
  for (; i + TANH_LANES <= count; i += TANH_LANES) {
    __m128i *at = (__m128i *)(void *)(x + i);
    _mm_storeu_si128(at, tanh_of(_mm_loadu_si128(at)));
  }
  if (i == count) return;
  int16_t rest[TANH_LANES] = {0};
  memcpy(rest, x + i, (count - i) * sizeof *x);
  __m128i *at = (__m128i *)(void *)rest;
  _mm_storeu_si128(at, tanh_of(_mm_loadu_si128(at)));
  memcpy(x + i, rest, (count - i) * sizeof *x);
}

#endif

#endif
