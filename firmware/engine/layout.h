/* Where everything of an engine lies: its memory is described once, counted and laid out from that. */
#ifndef GRITSPACE_LAYOUT_H
#define GRITSPACE_LAYOUT_H

#include "state.h"

/* base: NULL only counts; else cleared memory, where *out then is an engine that has not been reset yet. Returns the
 * bytes. */
size_t grit_layout(const grit_model_t *model, uint8_t *base, grit_engine_t **out);

#endif
