/* The panel's switches and LEDs. */
#ifndef GRITSPACE_DAISY_PANEL_H
#define GRITSPACE_DAISY_PANEL_H

#include <stdbool.h>

#include "panel/leds.h"

#ifdef __cplusplus
extern "C" {
#endif

void daisy_panel_start(void);

/* Lets the outputs be heard, where the panel can short them. Once the codec's outputs have settled: about a second. */
void daisy_panel_unmute(void);

/* Looks at the gate now; a trigger shorter than a block must not be missed. Often, from the main loop. */
void daisy_panel_watch(void);

/* Whether the gate has been high since the last time, and whether the button is pressed. */
void daisy_panel_switches(bool *gate, bool *button);

void daisy_panel_show(const grit_led_t leds[GRIT_LED_COUNT]);

#ifdef __cplusplus
}
#endif

#endif
