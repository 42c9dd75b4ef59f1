#include "sound/glide.h"

#include "placement.h"

void grit_glide_start(grit_glide_t *glide, const int16_t *position, size_t count) {
  glide->jumped = glide->heading = false;
  glide->count = count;
  for (size_t i = 0; i < count; i++) glide->current[i] = glide->target[i] = position[i];
}

GRIT_FAST_CODE void grit_glide_head_for(grit_glide_t *glide, const int16_t *position) {
  for (size_t i = 0; i < glide->count; i++) glide->target[i] = position[i];
  glide->heading = true; /* last, for a step in between */
}

GRIT_FAST_CODE void grit_glide_jump(grit_glide_t *glide, uint32_t dimensions, const int16_t *position) {
  for (size_t i = 0; i < glide->count && dimensions >> i != 0; i++) {
    if ((dimensions >> i & 1u) == 0) continue;
    glide->current[i] = glide->target[i] = position[i];
    glide->jumped = true;
  }
}

GRIT_FAST_CODE bool grit_glide_step(grit_glide_t *glide) {
  bool moved = glide->jumped;
  glide->jumped = false;
  if (!glide->heading) return moved;
  glide->heading = false; /* before the targets are read: a newer one says so again */
  bool there = true;
  for (size_t i = 0; i < glide->count; i++) {
    int32_t way = (int32_t)glide->target[i] - glide->current[i];
    if (way == 0) continue;
    if (way > GRIT_GLIDE_STEP) way = GRIT_GLIDE_STEP;
    if (way < -GRIT_GLIDE_STEP) way = -GRIT_GLIDE_STEP;
    glide->current[i] = (int16_t)(glide->current[i] + way);
    moved = true;
    there &= glide->current[i] == glide->target[i];
  }
  if (!there) glide->heading = true;
  return moved;
}
