/* What a model's file says stands around its network: an impulse response behind a space, another capture. */
#ifndef GRITSPACE_AROUND_H
#define GRITSPACE_AROUND_H

#include <stdint.h>

#include "generated/grit_format.h"

/* The record, zeros where there is none. blob: checked. */
grit_around_t grit_around_of(const uint8_t *blob, const grit_header_t *header);

#endif
