#include "sound/delay_finder.h"

/* Enough bits go that a thousand squares fit into 31 bits, and a product of two such sums into 62. */
#define SHIFT 5
_Static_assert(GRIT_DRY_DELAY_MAX < 128u, "a delay is a byte, and the loop below is short");

static int64_t product(const int16_t *a, const int16_t *b, size_t frames) {
  int64_t sum = 0;
  for (size_t i = 0; i < frames; i++) sum += (a[i] / (1 << SHIFT)) * (b[i] / (1 << SHIFT));
  return sum;
}

uint8_t grit_find_delay(const int16_t *in, const int16_t *out, size_t frames) {
  if (frames <= 2u * GRIT_DRY_DELAY_MAX || frames > 1000u + GRIT_DRY_DELAY_MAX) return 0;
  const size_t count = frames - GRIT_DRY_DELAY_MAX;
  const int16_t *late = out + GRIT_DRY_DELAY_MAX;
  const int64_t energy_out = product(late, late, count);
  int64_t best = 0, energy_in = 0;
  uint8_t delay = 0;
  for (uint8_t lag = 0; lag <= GRIT_DRY_DELAY_MAX; lag++) {
    const int16_t *early = in + GRIT_DRY_DELAY_MAX - lag;
    int64_t likeness = product(early, late, count);
    if (likeness < 0) likeness = -likeness; /* many amplifiers invert */
    if (likeness <= best) continue;
    best = likeness;
    energy_in = product(early, early, count);
    delay = lag;
  }
  return best * best > energy_in * energy_out / 16 ? delay : 0u;
}
