/* SHA-256 (FIPS 180-4): names the model that is really in the module. */
#ifndef GRITSPACE_SHA256_H
#define GRITSPACE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* A digest in the making. */
typedef struct {
  uint32_t state[8];
  uint32_t blocks; /* of 64 bytes, so far */
} grit_sha256_t;

void grit_sha256_begin(grit_sha256_t *sha256);

/* count: a multiple of 64. */
void grit_sha256_add(grit_sha256_t *sha256, const void *bytes, size_t count);

/* The last bytes, any count, and the digest. */
void grit_sha256_end(grit_sha256_t *sha256, const void *bytes, size_t count, uint8_t digest[32]);

/* All at once. */
void grit_sha256(const void *bytes, size_t count, uint8_t digest[32]);

#endif
