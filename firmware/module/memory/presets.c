#include "memory/presets.h"

#include <string.h>

static unsigned first_empty(const grit_preset_t *presets) {
  unsigned i = 0;
  while (i < GRIT_PRESET_COUNT && presets[i].used) i++;
  return i;
}

unsigned grit_presets_after(const grit_preset_t presets[GRIT_PRESET_COUNT], unsigned at, grit_gesture_t gesture) {
  const unsigned step = gesture == GRIT_GESTURE_PREVIOUS ? GRIT_PRESET_COUNT - 1u : 1u;
  const unsigned empty = gesture == GRIT_GESTURE_STEP ? first_empty(presets) : GRIT_PRESET_COUNT;
  for (unsigned i = 1; i < GRIT_PRESET_COUNT; i++) {
    const unsigned there = (at + i * step) % GRIT_PRESET_COUNT;
    if (presets[there].used || there == empty) return there;
  }
  return at;
}

grit_preset_t grit_presets_of(const int16_t *position, size_t count, uint8_t model, int16_t level_q12) {
  grit_preset_t preset;
  memset(&preset, 0, sizeof preset);
  for (size_t i = 0; i < count; i++) {
    if (i < GRIT_PRESET_PLAYED) {
      preset.played[i] = position[i];
    } else if (i < GRIT_PRESET_PLAYED + GRIT_PRESET_STORED) {
      preset.stored[i - GRIT_PRESET_PLAYED] = position[i];
    }
  }
  preset.level_q12 = level_q12;
  preset.model = model;
  preset.used = 1;
  return preset;
}
