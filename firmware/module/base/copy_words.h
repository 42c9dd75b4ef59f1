/* A piece of audio copied in the audio interrupt: small C libraries copy byte by byte. */
#ifndef GRITSPACE_COPY_WORDS_H
#define GRITSPACE_COPY_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* bytes: a multiple of 8. to and from: not the same bytes; at any address. */
static inline void grit_copy_words(void *to, const void *from, size_t bytes) {
  uint8_t *target = to;
  for (const uint8_t *source = from, *end = source + bytes; source < end; source += 8, target += 8) {
    uint32_t a, b;
    __builtin_memcpy(&a, source, 4);
    __builtin_memcpy(&b, source + 4, 4);
    __builtin_memcpy(target, &a, 4);
    __builtin_memcpy(target + 4, &b, 4);
  }
}

#endif
