/* What others wrote: stm32duino with its USB serial port, ST's HAL. Their headers do not meet this house's
 * warnings. */
#ifndef GRITSPACE_DAISY_VENDOR_H
#define GRITSPACE_DAISY_VENDOR_H

#pragma GCC system_header

#ifdef __cplusplus
#include <Arduino.h>
#include <usbd_cdc_if.h>
#else
#include <stm32h7xx_hal.h>
#endif

#endif
