/* How late a model is: where what comes out resembles most what went in. */
#ifndef GRITSPACE_DELAY_FINDER_H
#define GRITSPACE_DELAY_FINDER_H

#include <stddef.h>
#include <stdint.h>

#include "sound/mixer.h"

/* in, out: `frames` samples from silence on, more than 2 * GRIT_DRY_DELAY_MAX. Returns 0..GRIT_DRY_DELAY_MAX frames; 0
 * where nothing resembles: a correlation below a quarter. */
uint8_t grit_find_delay(const int16_t *in, const int16_t *out, size_t frames);

#endif
