#include "sound/bend_rate.h"

#include "panel/knob_curves.h"

#define UNITY GRIT_UNITY_Q16

static int32_t amount(int32_t way) {
  return way < 0 ? -way : way;
}

void grit_rate_aim(grit_rate_t *rate, const int32_t ways[4]) {
  rate->rate = UNITY + 10 * amount(ways[0]);
  rate->averaged = ways[0] > 0;
  rate->lines = (ways[1] + 32768) / 2;
  rate->spread = amount(ways[2]);
  rate->grain = grit_exp2_q16(20 * amount(ways[3]) - 8 * UNITY) >> 8;
}

void grit_rate_wake(grit_rate_t *rate, int16_t sample) {
  rate->phase = rate->sum = rate->count = 0;
  rate->step = UNITY;
  rate->before = rate->newest = sample;
  rate->since = 0;
}

/* What the network is to hear, if anything, once another frame has come. */
static bool takes(grit_rate_t *rate, int32_t sample, int16_t *heard) {
  rate->sum += sample;
  rate->count++;
  rate->phase += UNITY;
  if (rate->phase < rate->step) return false;
  const int32_t taken = rate->averaged != 0 ? rate->sum / rate->count : sample;
  *heard = (int16_t)(taken / rate->grain * rate->grain);
  rate->phase -= rate->step;
  rate->noise = rate->noise * 1664525u + 1013904223u;
  const int32_t most = (int32_t)(((int64_t)(rate->rate - UNITY) * rate->spread) >> 15);
  rate->step = rate->rate + (int32_t)(((int64_t)most * (int32_t)(rate->noise >> 17)) >> 15);
  rate->sum = rate->count = 0;
  return true;
}

void grit_rate_process(grit_rate_t *rate, grit_engine_t *engine, const int16_t *in, int16_t *out, size_t frames) {
  int16_t heard[GRIT_LINK_BLOCK_FRAMES] = {0}, played[GRIT_LINK_BLOCK_FRAMES];
  uint64_t marks = 0;
  size_t count = 0;
  for (size_t i = 0; i < frames; i++) {
    if (!takes(rate, in[i], &heard[count])) continue;
    marks |= UINT64_C(1) << i;
    count++;
  }
  grit_engine_process(engine, heard, played, count);
  const int16_t *next = played;
  const int32_t slope = (int32_t)(UINT32_C(0x80000000) / (uint32_t)rate->rate); /* of a line, Q15 a frame */
  for (size_t i = 0; i < frames; i++) {
    if ((marks >> i & 1u) != 0) {
      rate->before = rate->newest;
      rate->newest = *next++;
      rate->since = 0;
    }
    if (rate->since < 16) rate->since++;
    const int32_t way = rate->since * slope, part = way > 32768 ? 32768 : way;
    const int32_t line = rate->before + (((rate->newest - rate->before) * (part >> 1)) >> 14);
    out[i] = (int16_t)(rate->newest + (((line - rate->newest) * (rate->lines >> 1)) >> 14));
  }
}
