#include "sound/guard.h"

void grit_guard_late(grit_guard_t *guard, uint32_t block) {
  guard->recent[guard->next] = block;
  guard->next = (guard->next + 1u) % GRIT_GUARD_LATE;
  if (guard->count < GRIT_GUARD_LATE) guard->count++;
  const uint32_t first = guard->count < GRIT_GUARD_LATE ? block : guard->recent[guard->next];
  if (guard->count == GRIT_GUARD_LATE && block - first < GRIT_GUARD_WINDOW) guard->tripped = true;
}

bool grit_guard_take(grit_guard_t *guard) {
  if (!guard->tripped) return false;
  guard->count = 0;
  guard->tripped = false;
  return true;
}
