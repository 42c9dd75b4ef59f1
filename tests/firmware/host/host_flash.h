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

/* A worse chip, until host_flash_new. which: HOST_FLASH_... one_in: of so many operations one does nothing or only some
 * of its work (0: none). after_erases: a sector erased more often holds bits at 0 (0: never). */
#define HOST_FLASH_UNORDERED 1u /* a cut leaves all that was to change in disorder, not only a step of it */
#define HOST_FLASH_BACKWARDS 2u /* a sector is erased from its end, an eighth of a kilobyte at a time */
void host_flash_faults(uint32_t which, uint32_t one_in, uint32_t after_erases);
void host_flash_new(void);

#endif
