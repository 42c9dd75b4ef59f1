/* Rows by sixteen where a laptop has AVX-512 with VNNI and a convolution has so many: the same bits as eight at a time,
 * half the instructions. Included by kernels_avx2.h only, which lays the weights out. */
#ifndef GRITSPACE_KERNELS_AVX512_H
#define GRITSPACE_KERNELS_AVX512_H

#define MANY_LANES 16u
#define MANY_FRAMES 8u /* of a tile; its sums are in registers */

static inline __m512i load_many(const uint32_t *words) {
  return _mm512_loadu_si512(words);
}

/* As `scaled`. */
static inline __m512i scaled_many(__m512i acc, __m512i multiplier) {
  const __m512i half = _mm512_set1_epi64((int64_t)1 << 31);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(acc, multiplier), half);
  const __m512i odd =
      _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(acc, 32), _mm512_srli_epi64(multiplier, 32)), half);
  return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
}

/* `frames` frames by sixteen rows; `whole` of the frames are there. */
static inline __attribute__((always_inline)) void tile_many(const wide_t *w, size_t frame, size_t whole, size_t inputs,
                                                            const size_t frames) {
  const size_t rows = w->conv->record->rows, kernel = w->conv->record->kernel;
  const bool slopes = w->conv->slope != GRIT_NO_SLOPE;
  const __m512i none = _mm512_setzero_si512();
  const __m512i above = load_many(w->group + 2u * MANY_LANES), below = load_many(w->group + 3u * MANY_LANES);
  __m512i acc[MANY_FRAMES];
  for (size_t f = 0; f < frames; f++) acc[f] = load_many(w->group);
  if (w->conv->record->mixin != 0u) {
    const __m512i mixin = load_many(w->group + MANY_LANES);
    for (size_t f = 0; f < frames; f++)
      acc[f] = _mm512_dpwssd_epi32(acc[f], mixin, _mm512_set1_epi32(w->dry[frame + f]));
  }
  const uint32_t *weight = w->group + 4u * MANY_LANES;
  for (size_t tap = 0; tap < kernel; tap++) {
    const int16_t *x = w->taps[tap] + (w->first + frame) * inputs;
    for (size_t i = 0; i < inputs; i += 2u, weight += MANY_LANES) {
      const __m512i weights = load_many(weight);
      for (size_t f = 0; f < frames; f++) {
        int32_t pair;
        memcpy(&pair, x + f * inputs + i, sizeof pair);
        acc[f] = _mm512_dpwssd_epi32(acc[f], weights, _mm512_set1_epi32(pair));
      }
    }
  }
  for (size_t f = 0; f < frames && f < whole; f++) {
    const size_t at = (frame + f) * rows;
    const __m512i factor =
        slopes ? _mm512_mask_blend_epi32(_mm512_cmplt_epi32_mask(acc[f], none), above, below) : above;
    __m256i values = _mm512_cvtsepi32_epi16(scaled_many(acc[f], factor));
    if (w->added != NULL)
      values = _mm256_adds_epi16(values, _mm256_loadu_si256((const __m256i *)(const void *)(w->added + at)));
    _mm256_storeu_si256((__m256i *)(void *)(w->out + at), values);
  }
}

static inline __attribute__((always_inline)) void rows_many(const wide_t *w, size_t frames, size_t inputs) {
  wide_t now = *w;
  for (size_t row = 0; row < w->conv->record->rows; row += MANY_LANES) {
    size_t frame = 0;
    for (; frame + MANY_FRAMES <= frames; frame += MANY_FRAMES)
      tile_many(&now, frame, MANY_FRAMES, inputs, MANY_FRAMES);
    for (; frame < frames; frame += TILE_FRAMES) tile_many(&now, frame, frames - frame, inputs, TILE_FRAMES);
    now.group += group_words(w->conv->record);
    now.out += MANY_LANES;
    if (now.added != NULL) now.added += MANY_LANES;
  }
}

#define SKIPS_AT_ONCE 16u

/* Eight channels, or sixteen and multiples: whole vectors of sums, whatever frame they are of. */
static bool skips_many(size_t channels) {
  return channels == 8u || channels % SKIPS_AT_ONCE == 0u;
}

/* Both layers' products in one instruction. */
static void skip_two_many(int32_t *skips, const grit_skip_t *first, const grit_skip_t *second, size_t channels,
                          size_t frames) {
  const size_t step = channels < SKIPS_AT_ONCE ? SKIPS_AT_ONCE : channels, count = channels * frames;
  for (size_t c = 0; c < step && c < count; c += SKIPS_AT_ONCE) {
    int32_t pairs[SKIPS_AT_ONCE];
    for (size_t i = 0; i < SKIPS_AT_ONCE; i++) {
      const size_t channel = (c + i) % channels;
      pairs[i] = first->weight[channel] | second->weight[channel] << 16;
    }
    const __m512i weights = _mm512_loadu_si512(pairs);
    for (size_t at = c; at < count; at += step) {
      const size_t left = count - at;
      const __mmask16 there = (__mmask16)(left >= SKIPS_AT_ONCE ? 0xFFFFu : (1u << left) - 1u);
      const __m512i a = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(there, first->z + at));
      const __m512i b = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(there, second->z + at));
      const __m512i z = _mm512_or_si512(a, _mm512_slli_epi32(b, 16));
      const __m512i sum = _mm512_maskz_loadu_epi32(there, skips + at);
      _mm512_mask_storeu_epi32(skips + at, there, _mm512_dpwssd_epi32(sum, weights, z));
    }
  }
}

#endif
