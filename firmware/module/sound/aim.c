#include "sound/aim.h"

#include <string.h>

#include "placement.h"

#define ALL GRIT_LINK_POSITION_COUNT
#define PLAYED GRIT_PANEL_PLAYED_COUNT

void grit_aim_start(grit_aim_t *aim) {
  memset(aim, 0, sizeof *aim);
  for (size_t i = 0; i < ALL; i++) aim->hands[i] = i < PLAYED ? GRIT_AIM_PANEL : GRIT_AIM_LINK;
  aim->say_all = true;
}

void grit_aim_hand_over(grit_aim_t *aim, size_t count) {
  for (size_t i = 0; i < count && i < ALL; i++) aim->hands[i] = GRIT_AIM_LINK;
  aim->stored_rest = false;
}

void grit_aim_repeat(grit_aim_t *aim) {
  for (size_t i = 0; i < PLAYED; i++) {
    if (aim->hands[i] == GRIT_AIM_LINK) aim->hands[i] = GRIT_AIM_PANEL;
  }
  aim->say_all = true;
  aim->stored_rest = false;
}

static int32_t clamp(int32_t value) {
  return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
}

/* Where a dimension belongs, without its slide. */
static int32_t goal(const grit_aim_t *aim, const grit_controls_t *controls, size_t i) {
  int32_t voltage = 0;
  if (i < PLAYED) {
    if (aim->hands[i] == GRIT_AIM_PANEL) return controls->played[i];
    voltage = controls->cv_q15[i];
  }
  return clamp(aim->base[i] + voltage);
}

/* What was heard becomes the offset to the new goal. */
static void slide(grit_aim_t *aim, const grit_controls_t *controls, size_t i, uint16_t blocks) {
  aim->offset[i] = aim->now[i] - goal(aim, controls, i);
  aim->slide_left[i] = aim->slide_blocks[i] = blocks;
}

void grit_aim_recall(grit_aim_t *aim, const grit_preset_t *preset, uint16_t blocks, const int16_t *from, size_t count) {
  aim->stored_rest = false;
  for (size_t i = 0; i < ALL; i++) {
    if (i < count) aim->now[i] = from[i];
    aim->base[i] = i < PLAYED ? preset->played[i] : preset->stored[i - PLAYED];
    aim->hands[i] = GRIT_AIM_PRESET;
    aim->slide_blocks[i] = blocks;
    aim->slide_left[i] = UINT16_MAX; /* the next step knows the voltages */
  }
}

static void take_hands(grit_aim_t *aim, const grit_controls_t *controls, size_t i) {
  const uint16_t knob = controls->knobs[i];
  const int32_t moved = (int32_t)knob - aim->knob_then[i];
  const bool panel_moved = controls->played[i] != aim->panel_then[i];
  aim->panel_then[i] = controls->played[i];
  if (aim->hands[i] == GRIT_AIM_LINK && panel_moved && !aim->say_all) {
    aim->hands[i] = GRIT_AIM_PANEL;
    aim->slide_left[i] = 0;
  } else if (aim->hands[i] == GRIT_AIM_PRESET && aim->slide_left[i] != UINT16_MAX &&
             (moved > GRIT_AIM_TAKE_OVER || moved < -GRIT_AIM_TAKE_OVER)) {
    aim->hands[i] = GRIT_AIM_PANEL;
    slide(aim, controls, i, GRIT_AIM_CATCH_BLOCKS);
  }
}

static int16_t next(grit_aim_t *aim, const grit_controls_t *controls, size_t i) {
  if (aim->slide_left[i] == UINT16_MAX) {
    slide(aim, controls, i, aim->slide_blocks[i]);
    if (i < PLAYED) aim->knob_then[i] = controls->knobs[i];
  }
  int32_t offset = 0;
  if (aim->slide_left[i] > 0) {
    aim->slide_left[i]--;
    offset = aim->offset[i] * aim->slide_left[i] / aim->slide_blocks[i];
  }
  return (int16_t)clamp(goal(aim, controls, i) + offset);
}

GRIT_FAST_CODE uint32_t grit_aim_step(grit_aim_t *aim, const grit_controls_t *controls) {
  uint32_t moved = 0;
  bool sliding = false;
  const size_t count = aim->stored_rest ? PLAYED : ALL;
  aim->stored_rest = true; /* unless it does not; whoever wants it to move meanwhile says so */
  for (size_t i = 0; i < count; i++) {
    if (i < PLAYED && aim->hands[i] == GRIT_AIM_PANEL && aim->slide_left[i] == 0 && !aim->say_all) {
      const int16_t panel = controls->played[i]; /* what all the rest would come to, in the usual case */
      aim->panel_then[i] = panel;
      if (panel != aim->now[i] && controls->started) {
        aim->now[i] = panel;
        moved |= UINT32_C(1) << i;
      }
      continue;
    }
    if (i < PLAYED) take_hands(aim, controls, i);
    if (aim->hands[i] == GRIT_AIM_LINK || (!controls->started && aim->hands[i] == GRIT_AIM_PANEL)) continue;
    const int16_t to = next(aim, controls, i);
    if (to != aim->now[i] || aim->say_all) moved |= UINT32_C(1) << i;
    aim->now[i] = to;
    sliding |= i >= PLAYED && aim->slide_left[i] > 0;
  }
  if (sliding) aim->stored_rest = false;
  aim->say_all = false;
  return moved;
}

void grit_aim_place(const grit_aim_t *aim, const grit_controls_t *controls, const volatile int16_t *heading,
                    int16_t position[GRIT_LINK_POSITION_COUNT]) {
  for (size_t i = 0; i < ALL; i++) {
    switch (aim->hands[i]) {
      case GRIT_AIM_PANEL:
        position[i] = (int16_t)(controls->knobs[i] - 32768);
        break;
      case GRIT_AIM_PRESET:
        position[i] = aim->base[i];
        break;
      default:
        position[i] = heading[i];
        break;
    }
  }
}
