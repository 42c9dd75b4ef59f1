#include "controls.h"

#include <string.h>

_Static_assert(GRIT_PANEL_ANALOG_COUNT == GRIT_PANEL_KNOB_COUNT + GRIT_PANEL_CV_COUNT, "first the knobs, then the CVs");
_Static_assert(GRIT_PANEL_PLAYED_COUNT == GRIT_PANEL_CV_COUNT, "each played dimension has a knob and a CV");

#define CODE_MAX 65535

void grit_controls_start(grit_controls_t *controls) {
  memset(controls, 0, sizeof *controls);
  for (unsigned i = 0; i < GRIT_PANEL_CV_COUNT; i++) {
    controls->calibration[i].offset_uv = GRIT_PANEL_CV_OFFSET_UV;
    controls->calibration[i].gain_ppm = GRIT_PANEL_CV_GAIN_PPM;
  }
}

static int32_t distance(int32_t a, int32_t b) {
  return a > b ? a - b : b - a;
}

/* One input's new code -> `held`. */
static void follow(grit_controls_t *controls, unsigned i, bool first) {
  const bool knob = i < GRIT_PANEL_KNOB_COUNT;
  const int32_t code = (int32_t)controls->codes[i] * 256;
  int32_t *smooth = &controls->smooth[i];
  if (first || (!knob && distance(code, *smooth) > GRIT_CONTROLS_CV_LEAP * 256)) {
    *smooth = code;
    controls->settling[i] = GRIT_CONTROLS_SETTLE_BLOCKS;
  } else {
    *smooth += (code - *smooth) / (1 << (knob ? GRIT_CONTROLS_KNOB_SHIFT : GRIT_CONTROLS_CV_SHIFT));
  }
  const int32_t freedom = knob ? GRIT_CONTROLS_KNOB_FREEDOM : GRIT_CONTROLS_CV_FREEDOM;
  if (distance(*smooth, controls->held[i] * 256) > freedom * 256) controls->settling[i] = GRIT_CONTROLS_SETTLE_BLOCKS;
  if (controls->settling[i] == 0) return;
  controls->settling[i]--;
  controls->held[i] = (uint16_t)(*smooth / 256);
}

/* Stretched so that both ends are reached in spite of hysteresis and of tracks that end early. */
static uint16_t knob_of(uint16_t held) {
  const int32_t margin = GRIT_CONTROLS_KNOB_MARGIN;
  const int32_t whole = GRIT_PANEL_KNOB_RIGHT_CODE - GRIT_PANEL_KNOB_LEFT_CODE; /* negative for a knob that falls */
  int32_t way = (int32_t)((int64_t)(held - GRIT_PANEL_KNOB_LEFT_CODE) * CODE_MAX / whole) - margin;
  if (way < 0) way = 0;
  if (way > CODE_MAX - 2 * margin) way = CODE_MAX - 2 * margin;
  return (uint16_t)((int64_t)way * CODE_MAX / (CODE_MAX - 2 * margin));
}

static int32_t jack_uv_of(uint16_t held, const grit_cv_calibration_t *calibration) {
  int64_t pin_uv = (int64_t)held * GRIT_PANEL_ADC_FULL_SCALE_UV / CODE_MAX;
  int64_t jack_uv = (pin_uv - calibration->offset_uv) * 1000000 / calibration->gain_ppm;
  if (jack_uv < GRIT_PANEL_CV_MIN_UV) jack_uv = GRIT_PANEL_CV_MIN_UV;
  if (jack_uv > GRIT_PANEL_CV_MAX_UV) jack_uv = GRIT_PANEL_CV_MAX_UV;
  return (int32_t)jack_uv;
}

/* The whole turn is -1..1, and so is the range of the voltages. */
static int16_t played_of(uint16_t knob, int32_t cv_uv) {
  int32_t sum = (int32_t)knob - 32768 + (int32_t)((int64_t)cv_uv * 32768 / GRIT_PANEL_CV_MAX_UV);
  if (sum > INT16_MAX) sum = INT16_MAX;
  if (sum < INT16_MIN) sum = INT16_MIN;
  return (int16_t)sum;
}

void grit_controls_update(grit_controls_t *controls, const volatile uint16_t codes[GRIT_PANEL_ANALOG_COUNT]) {
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) {
    controls->codes[i] = codes[i];
    follow(controls, i, !controls->started);
  }
  controls->started = true;
  for (unsigned i = 0; i < GRIT_PANEL_KNOB_COUNT; i++) controls->knobs[i] = knob_of(controls->held[i]);
  for (unsigned i = 0; i < GRIT_PANEL_CV_COUNT; i++) {
    controls->cv_uv[i] = jack_uv_of(controls->held[GRIT_PANEL_KNOB_COUNT + i], &controls->calibration[i]);
    controls->played[i] = played_of(controls->knobs[i], controls->cv_uv[i]);
  }
}
