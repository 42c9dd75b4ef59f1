/* The presets that an image brings for the model that is linked into it: a module that has never kept anything begins
 * with them. Whatever was kept, even that there are none, counts more. */
#ifndef GRITSPACE_FIRST_PRESETS_H
#define GRITSPACE_FIRST_PRESETS_H

#include <stdint.h>

#include "memory/settings.h"

#define GRIT_FIRST_PRESET_LEVEL (GRIT_PRESET_PLAYED + GRIT_PRESET_STORED) /* behind the position */
#define GRIT_FIRST_PRESET_NUMBERS (GRIT_FIRST_PRESET_LEVEL + 1u)

/* The position, played and stored, Q15; then level_q12, of which a negative one ends the table. */
typedef int16_t grit_first_preset_t[GRIT_FIRST_PRESET_NUMBERS];

/* From the first place on; what is beyond the last one is left out. sha256: of the model that they are made for. */
void grit_first_presets(grit_settings_t *settings, const grit_first_preset_t *rows, const uint8_t sha256[32]);

#endif
