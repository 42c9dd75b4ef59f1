/* Two timers: one calls for a piece of audio, every millisecond unless a build asks for less, one measures work. */
#ifndef GRITSPACE_SIM_TIMER_H
#define GRITSPACE_SIM_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/audio_piece.h"

/* QEMU's `-icount shift=1` makes every instruction take 2 ns of the machine's time: 500 million a second, close to what
 * a 480 MHz Cortex-M7 does at one instruction a cycle, and 20 to a tick of the 25 MHz timer. */
#define SIM_INSTRUCTIONS_PER_SECOND 500000000u

#define SIM_PIECES_PER_SECOND (48000u / GRIT_AUDIO_FRAMES)

/* Begins to call `piece` for every piece of audio, from the interrupt. */
void sim_timer_start(void (*piece)(void));

/* True if the next piece is already due. It is dropped. */
bool sim_timer_late(void);

/* Executed instructions from begin to end, to 20. No interrupt comes between, and begin restarts the timer, so that the
 * same work always gives the same figure. */
void sim_work_begin(void);
uint32_t sim_work_end(void);

void sim_timer_interrupt(void);

#endif
