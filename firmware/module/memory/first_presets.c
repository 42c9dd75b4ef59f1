#include "memory/first_presets.h"

#include <string.h>

void grit_first_presets(grit_settings_t *settings, const grit_first_preset_t *rows, const uint8_t sha256[32]) {
  for (unsigned i = 0; i < GRIT_PRESET_COUNT && rows[i][GRIT_FIRST_PRESET_LEVEL] >= 0; i++) {
    grit_preset_t *preset = &settings->presets[i];
    memcpy(preset->played, rows[i], sizeof preset->played);
    memcpy(preset->stored, rows[i] + GRIT_PRESET_PLAYED, sizeof preset->stored);
    preset->level_q12 = rows[i][GRIT_FIRST_PRESET_LEVEL];
    preset->model = GRIT_PRESET_MODEL_FACTORY;
    preset->used = 1;
    memcpy(settings->preset_models[i].bytes, sha256, GRIT_MODEL_ID_BYTES);
  }
}
