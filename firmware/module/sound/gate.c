#include "sound/gate.h"

#include "base/audio_piece.h"
#include "panel/knob_curves.h"

#define DECIBEL_Q16 10885 /* log2, of an amplitude */

_Static_assert(GRIT_AUDIO_FRAMES % GRIT_GATE_FRAMES == 0, "a piece is a whole number of looks");

void grit_gate_open(grit_gate_t *gate, uint8_t decibels) {
  *gate = (grit_gate_t){.decibels = decibels > GRIT_GATE_DECIBELS ? (uint8_t)GRIT_GATE_DECIBELS : decibels};
  gate->opens = grit_exp2_q16(-DECIBEL_Q16 * gate->decibels) >> 1;
  if (gate->opens < 2) gate->opens = 2;
  gate->closes = gate->opens >> 1;
}

void grit_gate_restart(grit_gate_t *gate) {
  gate->open = false;
  gate->gain = 0;
  gate->left = 0;
}

static int32_t peak_of(const int16_t *in) {
  int32_t peak = 0;
  for (uint32_t i = 0; i < GRIT_GATE_FRAMES; i++) {
    const int32_t loud = in[i] < 0 ? -in[i] : in[i];
    if (loud > peak) peak = loud;
  }
  return peak;
}

/* What the gate does in the next frames: its gain's step. */
static int32_t look(grit_gate_t *gate, int32_t peak) {
  if (peak >= gate->opens || (gate->open && peak >= gate->closes)) {
    gate->open = true;
    gate->left = GRIT_GATE_HOLD;
  } else if (gate->left > 0u) {
    gate->left -= GRIT_GATE_FRAMES;
    gate->open = gate->left > 0u;
  }
  return gate->open ? GRIT_GATE_OPEN_STEP : -1;
}

void grit_gate_process(grit_gate_t *gate, const int16_t *in, int16_t *heard, size_t frames) {
  int32_t gain = gate->gain;
  for (size_t at = 0; at < frames; at += GRIT_GATE_FRAMES) {
    const int32_t step = look(gate, peak_of(in + at));
    for (size_t i = at; i < at + GRIT_GATE_FRAMES; i++) {
      gain += step;
      if (gain > GRIT_GATE_UNITY) gain = GRIT_GATE_UNITY;
      if (gain < 0) gain = 0;
      heard[i] = (int16_t)((in[i] * gain + GRIT_GATE_UNITY / 2) >> 12);
    }
  }
  gate->gain = gain;
}
