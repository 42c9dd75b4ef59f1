/* A position on its way to another: every dimension moves at the same speed until it is there. */
#ifndef GRITSPACE_GLIDE_H
#define GRITSPACE_GLIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/generated/link_messages.h"

/* Q15 a block: over the full range in so many blocks that a laptop, too, can foretell where a position is. */
#define GRIT_GLIDE_STEP ((int32_t)((65535u + GRIT_LINK_GLIDE_BLOCKS - 1u) / GRIT_LINK_GLIDE_BLOCKS))

typedef struct {
  volatile bool heading;                             /* not there yet, or a new target has come */
  bool jumped;                                       /* moved outside the steps since the last one */
  size_t count;                                      /* dimensions */
  int16_t current[GRIT_LINK_POSITION_COUNT];         /* Q15 */
  volatile int16_t target[GRIT_LINK_POSITION_COUNT]; /* Q15; may be written while an audio interrupt steps */
} grit_glide_t;

/* Stands still at a position. count: at most GRIT_LINK_POSITION_COUNT. */
void grit_glide_start(grit_glide_t *glide, const int16_t *position, size_t count);

/* Where to go. A step in between may see some dimensions of the new target first: it only starts them a block earlier.
 */
void grit_glide_head_for(grit_glide_t *glide, const int16_t *position);

/* Some dimensions (bit by bit) go to a position's at once. From where grit_glide_step is called. */
void grit_glide_jump(grit_glide_t *glide, uint32_t dimensions, const int16_t *position);

/* One block further. False if it was there already. */
bool grit_glide_step(grit_glide_t *glide);

#endif
