/* Where the position should be: who decides over each of its dimensions, and how it gets there.
 *
 * A played dimension follows its knob and voltage, or a preset and the voltage until its knob is moved, or the laptop
 * until either moves. A change of hands is a slide: the difference to what was heard runs out in a straight line, so
 * that the voltage is followed all the while. */
#ifndef GRITSPACE_AIM_H
#define GRITSPACE_AIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory/preset.h"
#include "panel/controls.h"
#include "wire/generated/link_messages.h"

/* A knob takes its dimension back from a preset when it has moved by this: 1 % of the turn. */
#define GRIT_AIM_TAKE_OVER 655
/* Blocks the dimension then takes to the knob's place. */
#define GRIT_AIM_CATCH_BLOCKS 50u

_Static_assert(GRIT_PRESET_PLAYED == GRIT_PANEL_PLAYED_COUNT, "a preset plays what the panel plays");
_Static_assert(GRIT_PRESET_PLAYED + GRIT_PRESET_STORED == GRIT_LINK_POSITION_COUNT, "a preset is a position");

typedef enum { GRIT_AIM_PANEL, GRIT_AIM_PRESET, GRIT_AIM_LINK } grit_aim_hand_t;

typedef struct {
  volatile uint8_t hands[GRIT_LINK_POSITION_COUNT];
  int16_t base[GRIT_LINK_POSITION_COUNT]; /* the preset's */
  int16_t now[GRIT_LINK_POSITION_COUNT];  /* what was said last */
  int32_t offset[GRIT_LINK_POSITION_COUNT];
  uint16_t slide_left[GRIT_LINK_POSITION_COUNT], slide_blocks[GRIT_LINK_POSITION_COUNT];
  uint16_t knob_then[GRIT_PANEL_PLAYED_COUNT]; /* when the preset came */
  int16_t panel_then[GRIT_PANEL_PLAYED_COUNT]; /* what the panel said last */
  bool say_all;                                /* the next step says everything, moved or not */
  volatile bool stored_rest;                   /* nothing behind the played dimensions moves */
} grit_aim_t;

/* The panel leads the played dimensions, nobody the others. The next step says where. */
void grit_aim_start(grit_aim_t *aim);

/* To a preset, over `blocks` (0: at once), from the position that is heard, of `count` dimensions. From where
 * grit_aim_step is called. */
void grit_aim_recall(grit_aim_t *aim, const grit_preset_t *preset, uint16_t blocks, const int16_t *from, size_t count);

/* From here on `count` dimensions are the laptop's. May be called from below grit_aim_step's interrupt. */
void grit_aim_hand_over(grit_aim_t *aim, size_t count);

/* Everything is to be said again: the engine stands elsewhere. What was the laptop's is the panel's again. */
void grit_aim_repeat(grit_aim_t *aim);

/* One block. Returns, bit by bit, which dimensions moved; `now` says where to. */
uint32_t grit_aim_step(grit_aim_t *aim, const grit_controls_t *controls);

/* Where panel, preset and laptop (`heading`) place each dimension, without the voltages at the jacks: what to keep. */
void grit_aim_place(const grit_aim_t *aim, const grit_controls_t *controls, const volatile int16_t *heading,
                    int16_t position[GRIT_LINK_POSITION_COUNT]);

#endif
