#include "glide.h"

void grit_glide_start(grit_glide_t *glide, const int16_t *position, size_t count) {
  glide->jumped = false;
  glide->count = count;
  for (size_t i = 0; i < count; i++) glide->current[i] = glide->target[i] = position[i];
}

void grit_glide_head_for(grit_glide_t *glide, const int16_t *position) {
  for (size_t i = 0; i < glide->count; i++) glide->target[i] = position[i];
}

void grit_glide_jump(grit_glide_t *glide, size_t dimension, int16_t to) {
  glide->current[dimension] = glide->target[dimension] = to;
  glide->jumped = true;
}

bool grit_glide_step(grit_glide_t *glide) {
  bool moved = glide->jumped;
  glide->jumped = false;
  for (size_t i = 0; i < glide->count; i++) {
    int32_t way = (int32_t)glide->target[i] - glide->current[i];
    if (way == 0) continue;
    if (way > GRIT_GLIDE_STEP) way = GRIT_GLIDE_STEP;
    if (way < -GRIT_GLIDE_STEP) way = -GRIT_GLIDE_STEP;
    glide->current[i] = (int16_t)(glide->current[i] + way);
    moved = true;
  }
  return moved;
}
