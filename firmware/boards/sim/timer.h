/* Two timers: one calls for a piece of audio, every millisecond unless a build asks for less, one measures work. */
#ifndef GRITSPACE_SIM_TIMER_H
#define GRITSPACE_SIM_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/audio_piece.h"

/* QEMU's `-icount shift=0` makes every instruction take 1 ns of the machine's time, so that what a Seed plays has time
 * here, too, although no two instructions share a cycle: 40 to a tick of the 25 MHz timer. Work is told in the cycles
 * that a Seed is estimated to take for them (real_time.h), and so the same models are admitted. */
#define SIM_INSTRUCTIONS_PER_SECOND 1000000000u

#define SIM_PIECES_PER_SECOND (48000u / GRIT_AUDIO_FRAMES)

/* Begins to call `piece` for every piece of audio, from the interrupt. */
void sim_timer_start(void (*piece)(void));

/* True if the next piece is already due. It is dropped. */
bool sim_timer_late(void);

/* Estimated cycles from begin to end, by the executed instructions, to 40 of these. No interrupt comes between, and
 * begin restarts the timer, so that the same work always gives the same figure. */
void sim_work_begin(void);
uint32_t sim_work_end(void);

void sim_timer_interrupt(void);

#endif
