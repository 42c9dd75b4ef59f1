/* The flash chip beside the processor (IS25LP064A, 8 MB, on the QUADSPI), for settings and models. A copy of it in
 * SDRAM is what can be read: the chip itself answers nothing while it erases or programs. */
#ifndef GRITSPACE_DAISY_FLASH_H
#define GRITSPACE_DAISY_FLASH_H

#include "base/flash_device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Wakes the chip and copies it: 8 MiB at 10 MB/s. After the SDRAM has been set up. NULL if the chip is not there or not
 * the one expected. */
const grit_flash_t *daisy_flash_start(void);

#ifdef __cplusplus
}
#endif

#endif
