/* SHA-256 (FIPS 180-4): names the model that is really in the module. */
#ifndef GRITSPACE_SHA256_H
#define GRITSPACE_SHA256_H

#include <stddef.h>
#include <stdint.h>

void grit_sha256(const void *bytes, size_t count, uint8_t digest[32]);

#endif
