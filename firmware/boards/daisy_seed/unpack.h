/* Unpacks an LZ4 block, as firmware/packing.py makes it. */
#ifndef GRITSPACE_UNPACK_H
#define GRITSPACE_UNPACK_H

#include <stddef.h>
#include <stdint.h>

/* Returns how many bytes it was, or 0 if it is damaged or needs more than room. out and in must not overlap. */
size_t daisy_unpack(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t room);

#endif
