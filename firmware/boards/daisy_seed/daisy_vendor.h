/* What others wrote: DaisyDuino, stm32duino's USB serial port, ST's HAL. Their headers do not meet this house's
 * warnings. */
#ifndef GRITSPACE_DAISY_VENDOR_H
#define GRITSPACE_DAISY_VENDOR_H

#pragma GCC system_header

#ifdef __cplusplus
#include <DaisyDuino.h>
#include <usbd_cdc_if.h>
#else
#include <stm32h7xx_hal.h>
#endif

#endif
