/* Which preset comes next. */
#ifndef GRITSPACE_PRESETS_H
#define GRITSPACE_PRESETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory/preset.h"
#include "panel/gestures.h"

/* Around the used presets, forwards or back; a step also visits the first empty place, where a new one can be saved.
 * Returns the place, or `at` where there is no other. at, result: below GRIT_PRESET_COUNT. */
unsigned grit_presets_after(const grit_preset_t presets[GRIT_PRESET_COUNT], unsigned at, grit_gesture_t gesture);

/* What is heard as a preset: a position of `count` dimensions. */
grit_preset_t grit_presets_of(const int16_t *position, size_t count, uint8_t model, int16_t level_q12);

#endif
