/* CRC-32 as in zlib and Ethernet. */
#ifndef GRITSPACE_CRC32_H
#define GRITSPACE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* crc: 0 to begin, or what the bytes before gave. */
uint32_t grit_crc32(uint32_t crc, const void *bytes, size_t count);

#endif
