/* I2C2 as master, 100 kHz, waiting: the codecs that are set by registers. */
#ifndef GRITSPACE_DAISY_I2C_H
#define GRITSPACE_DAISY_I2C_H

#include <stdbool.h>
#include <stdint.h>

/* The clock's pin: PH4 on the Seed, PB10 on the Patch SM; data is PB11 on both. */
void daisy_i2c_start(char clock_port, unsigned clock_bit);

/* device: seven bits. False if nobody answers, or not in time. */
bool daisy_i2c_write(uint8_t device, uint8_t first, uint8_t second);
bool daisy_i2c_read(uint8_t device, uint8_t address, uint8_t *value);

#endif
