/* Watches whether blocks come late, and says when that is more than an accident. */
#ifndef GRITSPACE_GUARD_H
#define GRITSPACE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define GRIT_GUARD_WINDOW 1000u /* blocks: a second */
#define GRIT_GUARD_LATE 4u      /* late blocks within it that are too many */

typedef struct {
  uint32_t recent[GRIT_GUARD_LATE]; /* the blocks, counted since power-up, that came late last */
  uint32_t count;                   /* since the last verdict, up to GRIT_GUARD_LATE */
  uint32_t next;
  volatile bool tripped;
} grit_guard_t;

/* A late block; block: their count. */
void grit_guard_late(grit_guard_t *guard, uint32_t block);

/* True once for each time it has tripped; then it counts from the beginning. */
bool grit_guard_take(grit_guard_t *guard);

#endif
