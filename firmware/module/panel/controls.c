#include "panel/controls.h"

#include <string.h>

#include "placement.h"

_Static_assert(GRIT_PANEL_ANALOG_COUNT == GRIT_PANEL_KNOB_COUNT + GRIT_PANEL_CV_COUNT, "first the knobs, then the CVs");
_Static_assert(GRIT_PANEL_PLAYED_COUNT == GRIT_PANEL_CV_COUNT, "each played dimension has a knob and a CV");

#define CODE_MAX 65535
#define KNOB_BITS 16u /* behind the point of a knob's line: code -> turn */
#define CV_BITS 20u   /* of a voltage's: code -> microvolts */

/* Stretched so that both ends are reached in spite of hysteresis and of tracks that end early. */
void grit_controls_calibrate_knob(grit_controls_t *controls, unsigned knob,
                                  const grit_knob_calibration_t *calibration) {
  const int64_t whole = (int64_t)calibration->right - calibration->left; /* negative for a knob that falls */
  const int64_t used = CODE_MAX - 2 * GRIT_CONTROLS_KNOB_MARGIN;
  const int64_t slope = (int64_t)CODE_MAX * CODE_MAX * (1 << KNOB_BITS) / (whole * used);
  const int64_t first = calibration->left * (int64_t)CODE_MAX + GRIT_CONTROLS_KNOB_MARGIN * whole; /* CODE_MAX codes */
  controls->lines[knob].slope = (int32_t)slope;
  controls->lines[knob].offset = -(first * slope / CODE_MAX) + (1 << (KNOB_BITS - 1u)); /* to the nearest */
}

void grit_controls_calibrate_cv(grit_controls_t *controls, unsigned cv, const grit_cv_calibration_t *calibration) {
  grit_control_line_t *line = &controls->lines[GRIT_PANEL_KNOB_COUNT + cv];
  const int64_t scale = (int64_t)1000000 * (1 << CV_BITS); /* a volt at the jack for a volt at the pin */
  line->slope = (int32_t)(scale / CODE_MAX * GRIT_PANEL_ADC_FULL_SCALE_UV / calibration->gain_ppm);
  line->offset = -(scale / calibration->gain_ppm * calibration->offset_uv) + (1 << (CV_BITS - 1u));
}

void grit_controls_start(grit_controls_t *controls) {
  const grit_cv_calibration_t cv = {.offset_uv = GRIT_PANEL_CV_OFFSET_UV, .gain_ppm = GRIT_PANEL_CV_GAIN_PPM};
  const grit_knob_calibration_t knob = {.left = GRIT_PANEL_KNOB_LEFT_CODE, .right = GRIT_PANEL_KNOB_RIGHT_CODE};
  memset(controls, 0, sizeof *controls);
  for (unsigned i = 0; i < GRIT_PANEL_KNOB_COUNT; i++) grit_controls_calibrate_knob(controls, i, &knob);
  for (unsigned i = 0; i < GRIT_PANEL_CV_COUNT; i++) grit_controls_calibrate_cv(controls, i, &cv);
}

static int32_t distance(int32_t a, int32_t b) {
  return a > b ? a - b : b - a;
}

/* One input's new code -> `held`. knob is a constant wherever this is drawn in. */
static inline __attribute__((always_inline)) void follow(grit_controls_t *controls, unsigned i, uint16_t read,
                                                         bool knob, bool first) {
  const int32_t code = (int32_t)read * 256;
  int32_t smooth = controls->smooth[i];
  uint32_t settling = controls->settling[i];
  controls->codes[i] = read;
  if (first || (!knob && distance(code, smooth) > GRIT_CONTROLS_CV_LEAP * 256)) {
    smooth = code;
    settling = GRIT_CONTROLS_SETTLE_BLOCKS;
  } else {
    smooth += (code - smooth) >> (knob ? GRIT_CONTROLS_KNOB_SHIFT : GRIT_CONTROLS_CV_SHIFT);
  }
  controls->smooth[i] = smooth;
  const int32_t freedom = knob ? GRIT_CONTROLS_KNOB_FREEDOM : GRIT_CONTROLS_CV_FREEDOM;
  if (distance(smooth, controls->held[i] * 256) > freedom * 256) settling = GRIT_CONTROLS_SETTLE_BLOCKS;
  if (settling == 0) return;
  controls->settling[i] = (uint8_t)(settling - 1u);
  controls->held[i] = (uint16_t)(smooth >> 8);
}

static int32_t clamp(int32_t value, int32_t least, int32_t most) {
  return value < least ? least : value > most ? most : value;
}

static int32_t on_line(const grit_control_line_t *line, uint16_t held, unsigned bits) {
  return (int32_t)((line->slope * (int64_t)held + line->offset) >> bits);
}

/* value / GRIT_PANEL_CV_MAX_UV in Q15, to the nearest: by the reciprocal in Q47, of which the upper word is taken. */
static int32_t q15_of(int32_t uv) {
  const int64_t reciprocal = (INT64_C(1) << 47) / GRIT_PANEL_CV_MAX_UV;
  return (int32_t)((uv * reciprocal + INT32_MAX) >> 32);
}

GRIT_FAST_CODE void grit_controls_update(grit_controls_t *controls,
                                         const volatile uint16_t codes[GRIT_PANEL_ANALOG_COUNT]) {
  const bool first = !controls->started;
  for (unsigned i = 0; i < GRIT_PANEL_KNOB_COUNT; i++) {
    follow(controls, i, codes[i], true, first);
    controls->knobs[i] = (uint16_t)clamp(on_line(&controls->lines[i], controls->held[i], KNOB_BITS), 0, CODE_MAX);
  }
  for (unsigned i = 0; i < GRIT_PANEL_CV_COUNT; i++) {
    const unsigned at = GRIT_PANEL_KNOB_COUNT + i;
    follow(controls, at, codes[at], false, first);
    const int32_t uv =
        clamp(on_line(&controls->lines[at], controls->held[at], CV_BITS), GRIT_PANEL_CV_MIN_UV, GRIT_PANEL_CV_MAX_UV);
    const int32_t part = q15_of(uv);
    controls->cv_uv[i] = uv;
    controls->cv_q15[i] = part;
    /* The whole turn is -1..1, and so is the range of the voltages. */
    controls->played[i] = (int16_t)clamp(controls->knobs[i] - 32768 + part, INT16_MIN, INT16_MAX);
  }
  controls->started = true;
}
