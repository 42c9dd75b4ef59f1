#include "sound/impulse.h"

#include <stdatomic.h>
#include <string.h>

#include "placement.h"
#include "sound/around.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
#include <arm_acle.h>
#endif

#define MOST_SUM 65535 /* of the taps' sizes: times 32768, and rounded, that still fits into an int32 */
#define MOST_SHIFT 15u
#define STEP 8u /* taps a round */

_Static_assert(GRIT_AUDIO_FRAMES % 4u == 0, "four outputs at a time");

/* Two neighbours as a word, the older one below. No memcpy: a freestanding compiler would call it. */
typedef uint32_t __attribute__((may_alias, aligned(2))) pair_t;

static inline uint32_t pair_at(const int16_t *samples) {
  return *(const pair_t *)(const void *)samples;
}

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
/* The newer of one pair above the older of the next: one instruction, because the products are crossed. */
static inline uint32_t between(uint32_t pair, uint32_t next) {
  uint32_t word;
  __asm__("pkhbt %0, %1, %2" : "=r"(word) : "r"(next), "r"(pair));
  return word;
}

static inline int32_t straight(uint32_t taps, uint32_t samples, int32_t sum) {
  return __smlad((int16x2_t)taps, (int16x2_t)samples, sum);
}

static inline int32_t crossed(uint32_t taps, uint32_t samples, int32_t sum) {
  return __smladx((int16x2_t)taps, (int16x2_t)samples, sum);
}
#else
static inline uint32_t between(uint32_t pair, uint32_t next) {
  return (next & 0xFFFFu) | (pair & 0xFFFF0000u);
}

static inline int32_t straight(uint32_t taps, uint32_t samples, int32_t sum) {
  return sum + (int16_t)(taps & 0xFFFFu) * (int16_t)(samples & 0xFFFFu) +
         (int16_t)(taps >> 16) * (int16_t)(samples >> 16);
}

static inline int32_t crossed(uint32_t taps, uint32_t samples, int32_t sum) {
  return straight(taps, (samples << 16) | (samples >> 16), sum);
}
#endif

/* Where a file has it: a snapshot in its knobs' fit, a space behind its metadata. */
static uint32_t place_of(const uint8_t *blob, const grit_header_t *header, uint32_t *frames) {
  if (header->film != 0u) {
    const grit_around_t around = grit_around_of(blob, header);
    *frames = around.impulse_frames;
    return around.impulse;
  }
  grit_knob_fit_t fit;
  memcpy(&fit, header->default_position, sizeof fit);
  *frames = fit.impulse_frames;
  return fit.measured == 0u ? 0u : fit.impulse;
}

void grit_impulse_open(grit_impulse_t *impulse, const uint8_t *blob, const grit_header_t *header) {
  memset(impulse, 0, sizeof *impulse);
  uint32_t frames = 0;
  const uint32_t at = place_of(blob, header, &frames);
  if (at == 0u || at % 4u != 0u || frames > GRIT_IMPULSE_MOST || frames % STEP != 0u) return;
  if ((uint64_t)at + (2u + (uint64_t)frames) * sizeof(int16_t) > header->total_bytes) return;
  const int16_t *words = (const int16_t *)(const void *)(blob + at), *taps = words + 2;
  int32_t sum = 0;
  for (uint32_t i = 0; i < frames; i++) sum += taps[i] < 0 ? -taps[i] : taps[i];
  if (sum > MOST_SUM || words[0] < 1 || words[0] > (int16_t)MOST_SHIFT) return;
  impulse->taps = taps;
  impulse->shift = (uint32_t)words[0];
  impulse->count = frames;
}

static int16_t narrowed(int32_t sum, uint32_t shift) {
  const int32_t sample = sum >> shift;
  return (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
}

/* Four outputs: of the `count` frames that end with line[0], line[1], ... before `line + count`. */
static void four(const grit_impulse_t *impulse, const int16_t *line, int16_t *out) {
  const int16_t *taps = impulse->taps;
  const int32_t half = 1 << (impulse->shift - 1u);
  int32_t first = half, second = half, third = half, fourth = half;
  uint32_t older = pair_at(line), newer = pair_at(line + 2), middle = between(older, newer);
  const int16_t *const end = taps + impulse->count;
  do {
#pragma GCC unroll 4
    for (uint32_t i = 0; i < STEP; i += 2u) {
      const uint32_t tap = pair_at(taps + i), next = pair_at(line + i + 4), later = between(newer, next);
      first = crossed(tap, middle, first);
      second = straight(tap, newer, second);
      third = crossed(tap, later, third);
      fourth = straight(tap, next, fourth);
      newer = next;
      middle = later;
    }
    taps += STEP;
    line += STEP;
  } while (taps != end);
  out[0] = narrowed(first, impulse->shift);
  out[1] = narrowed(second, impulse->shift);
  out[2] = narrowed(third, impulse->shift);
  out[3] = narrowed(fourth, impulse->shift);
}

int16_t grit_impulse_restart(grit_impulse_t *impulse, int16_t sample) {
  if (impulse->count == 0u) return sample;
  for (uint32_t i = 0; i < impulse->count; i++) impulse->line[i] = sample;
  int32_t sum = 1 << (impulse->shift - 1u);
  for (uint32_t i = 0; i < impulse->count; i++) sum += impulse->taps[i] * sample;
  return narrowed(sum, impulse->shift);
}

/* The last `count` frames to the front, eight at a time. The fence keeps a compiler from making a call of it. */
static void keep(grit_impulse_t *impulse, size_t frames) {
  pair_t *to = (pair_t *)(void *)impulse->line;
  const pair_t *from = (const pair_t *)(const void *)(impulse->line + frames);
  for (uint32_t i = 0; i < impulse->count / 2u; i += 4u) {
    const uint32_t first = from[i], second = from[i + 1u], third = from[i + 2u], fourth = from[i + 3u];
    to[i] = first;
    to[i + 1u] = second;
    to[i + 2u] = third;
    to[i + 3u] = fourth;
    atomic_signal_fence(memory_order_seq_cst);
  }
}

GRIT_FAST_CODE void grit_impulse_process(grit_impulse_t *impulse, int16_t *samples, size_t frames) {
  if (impulse->count == 0u) return;
  memcpy(impulse->line + impulse->count, samples, frames * sizeof *samples);
  for (size_t i = 0; i < frames; i += 4u) four(impulse, impulse->line + i, samples + i);
  keep(impulse, frames);
}
