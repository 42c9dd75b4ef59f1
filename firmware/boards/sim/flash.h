/* The simulated flash: the board's PSRAM, made to behave as a NOR flash does. QEMU can keep it in a file, so that it
 * outlasts the power; whoever kills QEMU cuts the power, in the middle of an operation too. */
#ifndef GRITSPACE_SIM_FLASH_H
#define GRITSPACE_SIM_FLASH_H

#include "base/flash_device.h"

extern const grit_flash_t sim_flash;

/* A millisecond of its work. From the audio interrupt. */
void sim_flash_tick(void);

#endif
