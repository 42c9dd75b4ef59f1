/* What happens before and beside the module: the watchdog, the stack's paint. */
#ifndef GRITSPACE_DAISY_START_H
#define GRITSPACE_DAISY_START_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From daisy_seed.ld. */
extern uint32_t daisy_stack_low[], daisy_stack_top[], daisy_dma_start[], daisy_dma_end[];
extern void (*const daisy_vectors[])(void);

/* Resets the chip when it is not kicked for two seconds. It cannot be stopped. */
void daisy_watchdog_start(void);
void daisy_watchdog_kick(void);

/* Whether this start was the watchdog's doing. Once: forgets it. */
bool daisy_watchdog_bit(void);

#ifdef __cplusplus
}
#endif

#endif
