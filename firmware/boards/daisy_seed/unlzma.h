/* Unpacks LZMA, as firmware/packing.py makes it: how all but the first kilobytes of the image lie in the flash. */
#ifndef GRITSPACE_UNLZMA_H
#define GRITSPACE_UNLZMA_H

#include <stddef.h>
#include <stdint.h>

enum {
  DAISY_LZMA_STATES = 12,
  DAISY_LZMA_POSITIONS = 16,
  DAISY_LZMA_LITERAL_BITS = 2, /* lc + lp, at most */
};

/* A match's length: of 2 to 9, of 10 to 17, of 18 to 273. */
typedef struct {
  uint16_t longer[2], low[DAISY_LZMA_POSITIONS][8], middle[DAISY_LZMA_POSITIONS][8], high[256];
} daisy_lzma_length_t;

/* How likely a 0 is, of 2048, at each decision: 10 KB of memory that is free while it is unpacked. */
typedef struct {
  uint16_t match[DAISY_LZMA_STATES][DAISY_LZMA_POSITIONS], one[DAISY_LZMA_STATES][DAISY_LZMA_POSITIONS];
  uint16_t again[DAISY_LZMA_STATES], before[3][DAISY_LZMA_STATES];
  uint16_t slot[4][64], near[115], align[16];
  daisy_lzma_length_t fresh, repeated;
  uint16_t literal[0x300 << DAISY_LZMA_LITERAL_BITS];
} daisy_lzma_t;

/* in: a byte of properties (lc + 9 * (lp + 5 * pb)), then a raw LZMA stream with its end mark. Returns how many bytes
 * it was, or 0 if it is damaged, is followed by anything or needs more than room. out and in must not overlap. */
size_t daisy_unlzma(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t room, daisy_lzma_t *work);

#endif
