/* Pins by port, many at a time. */
#ifndef GRITSPACE_DAISY_PINS_H
#define GRITSPACE_DAISY_PINS_H

#include <stdbool.h>
#include <stdint.h>

#include "daisy_vendor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* mode, pull, speed: ST's GPIO_...; function: GPIO_AF..., or 0. pins: a bit for each. Turns the port's clock on. */
void daisy_pins_set(char port, uint32_t pins, uint32_t mode, uint32_t pull, uint32_t speed, uint32_t function);
void daisy_pin_write(char port, unsigned bit, bool high);
bool daisy_pin_read(char port, unsigned bit);

#ifdef __cplusplus
}
#endif

#endif
