/* The panel's analog inputs, scanned for ever by ADC1 and DMA. */
#ifndef GRITSPACE_DAISY_ANALOG_H
#define GRITSPACE_DAISY_ANALOG_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Begins to scan. False if the converter does not work. After daisy_memory_start. */
bool daisy_analog_start(void);

#define DAISY_ANALOG_CODES 16u

/* GRIT_PANEL_ANALOG_COUNT codes, 0..65535, in the panel's order, and what is left over; each is renewed about every
 * half millisecond. */
void daisy_analog_codes(uint16_t read[DAISY_ANALOG_CODES]);

#ifdef __cplusplus
}
#endif

#endif
