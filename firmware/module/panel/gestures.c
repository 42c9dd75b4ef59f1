#include "panel/gestures.h"

#include "placement.h"

static bool gate_rises(grit_gestures_t *gestures, bool gate) {
  if (!gate) {
    if (gestures->gate_away < GRIT_GESTURE_GATE_BLOCKS) gestures->gate_away++;
    return false;
  }
  const bool rises = gestures->gate_away == GRIT_GESTURE_GATE_BLOCKS;
  gestures->gate_away = 0;
  return rises;
}

/* True when it has come to rest elsewhere. */
static bool button_turns(grit_gestures_t *gestures, bool button) {
  if (button == gestures->down) {
    gestures->bounce = 0;
    return false;
  }
  if (++gestures->bounce < GRIT_GESTURE_BOUNCE_BLOCKS) return false;
  gestures->bounce = 0;
  gestures->down = button;
  return true;
}

GRIT_FAST_CODE grit_gesture_t grit_gestures_step(grit_gestures_t *gestures, bool gate, bool button) {
  if (!gestures->started) {
    gestures->started = true;
    gestures->down = gestures->used = button;
    gestures->gate_away = gate ? 0 : GRIT_GESTURE_GATE_BLOCKS;
    return GRIT_GESTURE_NONE;
  }
  const bool rises = gate_rises(gestures, gate);
  const bool turns = button_turns(gestures, button);
  if (turns && gestures->down) {
    gestures->held = 0;
    gestures->used = false;
  }
  if (rises) {
    if (!gestures->down) return GRIT_GESTURE_NEXT;
    gestures->used = true;
    return GRIT_GESTURE_PREVIOUS;
  }
  if (turns && !gestures->down && !gestures->used) return GRIT_GESTURE_STEP;
  if (gestures->down && !gestures->used && ++gestures->held == GRIT_GESTURE_LONG_BLOCKS) {
    gestures->used = true;
    return GRIT_GESTURE_SAVE;
  }
  return GRIT_GESTURE_NONE;
}
