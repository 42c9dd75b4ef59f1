/* What the gate and the button say: bouncing contacts in, gestures out. Once a block, that is a millisecond.
 *
 *   gate                    the next preset
 *   gate while held down    the one before
 *   button, short           the next preset, or the empty place behind the last one
 *   button, a second        what is heard goes into the preset */
#ifndef GRITSPACE_GESTURES_H
#define GRITSPACE_GESTURES_H

#include <stdbool.h>
#include <stdint.h>

#define GRIT_GESTURE_BOUNCE_BLOCKS 8u  /* a button's contact must rest so long */
#define GRIT_GESTURE_GATE_BLOCKS 3u    /* a gate must be away so long before it counts again */
#define GRIT_GESTURE_LONG_BLOCKS 1000u /* a long press */

typedef enum {
  GRIT_GESTURE_NONE,
  GRIT_GESTURE_NEXT,
  GRIT_GESTURE_PREVIOUS,
  GRIT_GESTURE_STEP, /* next, or an empty place */
  GRIT_GESTURE_SAVE
} grit_gesture_t;

typedef struct {
  bool down;         /* the button, once it rests */
  bool used;         /* this press has already meant something */
  uint8_t bounce;    /* blocks it has been other than `down` */
  uint16_t held;     /* blocks it has been down */
  uint8_t gate_away; /* blocks the gate has been away, up to GRIT_GESTURE_GATE_BLOCKS */
  bool started;      /* a button held down at power-up, or a gate that is high, means nothing */
} grit_gestures_t;

/* Both as they are at the panel: true is pressed, high. At most one gesture a block; a gate's edge comes first. */
grit_gesture_t grit_gestures_step(grit_gestures_t *gestures, bool gate, bool button);

#endif
