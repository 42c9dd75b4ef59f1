/* What the module remembers without power: presets, calibration and the switches that hold for all presets. */
#ifndef GRITSPACE_SETTINGS_H
#define GRITSPACE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/preset.h"
#include "panel/controls.h"

/* Fields are only ever added at the end (an older record leaves them at their defaults), else this changes. */
#define GRIT_SETTINGS_VERSION 1u
#define GRIT_SETTINGS_CV_COUNT 8u          /* more than any panel has, so that the layout is every panel's */
#define GRIT_SETTINGS_KNOB_COUNT 12u       /* the same */
#define GRIT_SETTINGS_MORPH_LIMIT_MS 30000 /* longest way from preset to preset */

typedef struct {
  grit_preset_t presets[GRIT_PRESET_COUNT];
  grit_cv_calibration_t cv[GRIT_SETTINGS_CV_COUNT]; /* in the panel's order */
  uint16_t morph_ms;                                /* from preset to preset; 0: at the glide's own speed */
  uint8_t preset;                                   /* the one that was played last */
  uint8_t model;                                    /* what plays at power-up, as in a preset */
  uint8_t calibrated;                               /* bit i: cv[i] was measured, not assumed */
  uint8_t reserved[3];
  grit_knob_calibration_t knobs[GRIT_SETTINGS_KNOB_COUNT]; /* in the panel's order */
  uint16_t knobs_calibrated;                               /* bit i: knobs[i] was measured, not assumed */
  uint16_t reserved_too;
  grit_model_id_t preset_models[GRIT_PRESET_COUNT]; /* the model that each preset was made for */
  grit_preset_bend_t preset_bends[GRIT_PRESET_COUNT];
} grit_settings_t;

_Static_assert(sizeof(grit_settings_t) == 988, "no padding");

/* As they leave the factory: no presets, nominal calibration, the factory model. */
void grit_settings_start(grit_settings_t *settings);

/* Settings from flash or from the link: puts right what the module could not work with. True if nothing had to be. */
bool grit_settings_check(grit_settings_t *settings);

/* Whether a calibration can be a knob's: each end within 15 % of the track of where it nominally is. */
bool grit_settings_knob_plausible(const grit_knob_calibration_t *calibration);

/* Whether a calibration can be a circuit's: within 10 % of the nominal gain and 150 mV of the nominal offset. */
bool grit_settings_cv_plausible(const grit_cv_calibration_t *calibration);

#endif
