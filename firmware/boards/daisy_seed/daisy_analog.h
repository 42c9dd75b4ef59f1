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

/* GRIT_PANEL_ANALOG_COUNT codes, 0..65535, in the panel's order; each is renewed about every half millisecond. */
const volatile uint16_t *daisy_analog_codes(void);

#ifdef __cplusplus
}
#endif

#endif
