/* The last thing a board can say: its own LED (PC7 on the Seed and on the Patch SM) blinks. */
#ifndef GRITSPACE_DAISY_STOP_H
#define GRITSPACE_DAISY_STOP_H

typedef enum {
  DAISY_STOP_CRYSTAL = 2, /* the clocks do not start: the crystal, or its supply */
  DAISY_STOP_CLOCK = 3,   /* the processor's or the peripherals' clocks are refused */
  DAISY_STOP_LIBRARY = 4, /* ST's or stm32duino's code has given up */
} daisy_stop_t;

#ifdef __cplusplus
extern "C" {
#endif

/* Blinks so many times, pauses, for ever. Needs no clock and no memory that was set up. */
__attribute__((noreturn)) void daisy_stop(daisy_stop_t blinks);

#ifdef __cplusplus
}
#endif

#endif
