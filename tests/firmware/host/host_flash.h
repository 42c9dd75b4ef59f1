/* The flash of host_flash.c, and what the tests do to it. */
#ifndef GRITSPACE_HOST_FLASH_H
#define GRITSPACE_HOST_FLASH_H

#include "base/flash_device.h"

#ifndef HOST_FLASH_SECTORS
#define HOST_FLASH_SECTORS 2048u
#endif

extern const grit_flash_t host_flash;

uint8_t *host_flash_memory(void);
size_t host_flash_bytes(void);
const uint32_t *host_flash_erases(void);
/* Steps of work since the last host_flash_power. */
uint64_t host_flash_steps(void);
/* Power comes (back), for this many steps, or for ever if below 0. What was going on is forgotten. */
void host_flash_power(int64_t for_steps, uint32_t seed);
bool host_flash_dead(void);

#endif
