/* The panel's analog inputs: codes of the converter in, knobs, voltages and the played dimensions out. Once a block. */
#ifndef GRITSPACE_CONTROLS_H
#define GRITSPACE_CONTROLS_H

#include <stdbool.h>
#include <stdint.h>

#include "panel/generated/panel.h"

/* A CV input: pin = offset + jack * gain / 1000000, in microvolts. */
typedef struct {
  int32_t offset_uv;
  int32_t gain_ppm; /* not 0 */
} grit_cv_calibration_t;

/* A knob: what the converter reads at either end of its turn. left may be the larger one. */
typedef struct {
  uint16_t left, right; /* not the same */
} grit_knob_calibration_t;

/* A straight line from a held code, ready to be multiplied: no division in the interrupt. */
typedef struct {
  int64_t offset;
  int32_t slope;
} grit_control_line_t;

typedef struct {
  grit_control_line_t lines[GRIT_PANEL_ANALOG_COUNT]; /* code -> turn, code -> microvolts; see controls.c */
  uint16_t codes[GRIT_PANEL_ANALOG_COUNT];            /* as they came */
  int32_t smooth[GRIT_PANEL_ANALOG_COUNT];            /* codes, 8 fractional bits */
  uint8_t settling[GRIT_PANEL_ANALOG_COUNT];          /* blocks until it is frozen */
  uint16_t held[GRIT_PANEL_ANALOG_COUNT];             /* what counts: smooth, or where it was frozen */
  uint16_t knobs[GRIT_PANEL_KNOB_COUNT];              /* 0..65535 is the whole turn */
  int32_t cv_uv[GRIT_PANEL_CV_COUNT];                 /* at the jack, clamped to the panel's range */
  int32_t cv_q15[GRIT_PANEL_CV_COUNT];                /* the same as a part of a played dimension: -32768..32768 */
  int16_t played[GRIT_PANEL_PLAYED_COUNT];            /* Q15, knob and voltage summed; -1 and 1 are the knob's ends */
  bool started;
} grit_controls_t;

/* An input that stands still is frozen; it is let go when its smoothed code leaves by more than this (0.05 % of a
 * knob's turn, 3 mV at a CV jack), and frozen again when it has not left for 64 ms. The noise of the averaged codes,
 * smoothed, stays within half of that. */
#define GRIT_CONTROLS_KNOB_FREEDOM 32
#define GRIT_CONTROLS_CV_FREEDOM 16
#define GRIT_CONTROLS_SETTLE_BLOCKS 64u
/* Smoothing: 1/8 a block for a knob, 1/16 for a voltage, but a voltage that leaps is followed at once: 200 Hz has five
 * blocks a period. */
#define GRIT_CONTROLS_KNOB_SHIFT 3u
#define GRIT_CONTROLS_CV_SHIFT 4u
#define GRIT_CONTROLS_CV_LEAP 40
/* Codes from either end of the track that count as the end: 0.5 %. */
#define GRIT_CONTROLS_KNOB_MARGIN 328u

/* Nominal calibration; the first update is taken as it is. */
void grit_controls_start(grit_controls_t *controls);

/* Another calibration. The audio interrupt may see the old slope with the new offset for one block. */
void grit_controls_calibrate_cv(grit_controls_t *controls, unsigned cv, const grit_cv_calibration_t *calibration);
void grit_controls_calibrate_knob(grit_controls_t *controls, unsigned knob, const grit_knob_calibration_t *calibration);

/* One block's codes, in the panel's order. */
void grit_controls_update(grit_controls_t *controls, const volatile uint16_t codes[GRIT_PANEL_ANALOG_COUNT]);

#endif
