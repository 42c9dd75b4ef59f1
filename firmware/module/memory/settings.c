#include "memory/settings.h"

#include <string.h>

_Static_assert(GRIT_PANEL_CV_COUNT <= GRIT_SETTINGS_CV_COUNT, "room for every CV input");

_Static_assert(GRIT_PANEL_KNOB_COUNT <= GRIT_SETTINGS_KNOB_COUNT, "room for every knob");

#define KNOB_TOLERANCE_PERCENT 15
#define GAIN_TOLERANCE_PERCENT 10
#define OFFSET_TOLERANCE_UV 150000

static const grit_cv_calibration_t nominal = {.offset_uv = GRIT_PANEL_CV_OFFSET_UV, .gain_ppm = GRIT_PANEL_CV_GAIN_PPM};
static const grit_knob_calibration_t nominal_knob = {.left = GRIT_PANEL_KNOB_LEFT_CODE,
                                                     .right = GRIT_PANEL_KNOB_RIGHT_CODE};

void grit_settings_start(grit_settings_t *settings) {
  memset(settings, 0, sizeof *settings);
  for (unsigned i = 0; i < GRIT_PRESET_COUNT; i++) settings->presets[i].level_q12 = GRIT_PRESET_LEVEL_UNITY;
  for (unsigned i = 0; i < GRIT_SETTINGS_CV_COUNT; i++) settings->cv[i] = nominal;
  for (unsigned i = 0; i < GRIT_SETTINGS_KNOB_COUNT; i++) settings->knobs[i] = nominal_knob;
}

bool grit_settings_knob_plausible(const grit_knob_calibration_t *calibration) {
  const int32_t whole = GRIT_PANEL_KNOB_RIGHT_CODE - GRIT_PANEL_KNOB_LEFT_CODE;
  const int32_t room = (whole < 0 ? -whole : whole) * KNOB_TOLERANCE_PERCENT / 100;
  const int32_t left = calibration->left - GRIT_PANEL_KNOB_LEFT_CODE;
  const int32_t right = calibration->right - GRIT_PANEL_KNOB_RIGHT_CODE;
  // cppcheck-suppress knownConditionTrueFalse ; another panel's ends need not lie at the converter's
  return left <= room && left >= -room && right <= room && right >= -room;
}

bool grit_settings_cv_plausible(const grit_cv_calibration_t *calibration) {
  int64_t gain_error = (int64_t)calibration->gain_ppm - nominal.gain_ppm;
  int64_t offset_error = (int64_t)calibration->offset_uv - nominal.offset_uv;
  int64_t gain_room = (int64_t)nominal.gain_ppm * GAIN_TOLERANCE_PERCENT / 100;
  if (gain_room < 0) gain_room = -gain_room;
  return gain_error <= gain_room && gain_error >= -gain_room && offset_error <= OFFSET_TOLERANCE_UV &&
         offset_error >= -OFFSET_TOLERANCE_UV;
}

bool grit_settings_check(grit_settings_t *settings) {
  bool good = true;
  for (unsigned i = 0; i < GRIT_PRESET_COUNT; i++) {
    grit_preset_t *preset = &settings->presets[i];
    if (preset->used <= 1u && preset->level_q12 >= 0 && settings->preset_bends[i].kind < GRIT_PRESET_BENDS &&
        settings->preset_bends[i].gate <= GRIT_PRESET_GATE)
      continue;
    good = false;
    memset(preset, 0, sizeof *preset);
    memset(&settings->preset_bends[i], 0, sizeof settings->preset_bends[i]);
    preset->level_q12 = GRIT_PRESET_LEVEL_UNITY;
  }
  for (unsigned i = 0; i < GRIT_SETTINGS_CV_COUNT; i++) {
    if (grit_settings_cv_plausible(&settings->cv[i])) continue;
    good = false;
    settings->cv[i] = nominal;
    settings->calibrated &= (uint8_t) ~(1u << i);
  }
  for (unsigned i = 0; i < GRIT_SETTINGS_KNOB_COUNT; i++) {
    if (grit_settings_knob_plausible(&settings->knobs[i])) continue;
    good = false;
    settings->knobs[i] = nominal_knob;
    settings->knobs_calibrated &= (uint16_t) ~(1u << i);
  }
  if (settings->morph_ms > GRIT_SETTINGS_MORPH_LIMIT_MS) {
    good = false;
    settings->morph_ms = GRIT_SETTINGS_MORPH_LIMIT_MS;
  }
  if (settings->preset >= GRIT_PRESET_COUNT) {
    good = false;
    settings->preset = 0;
  }
  return good;
}
