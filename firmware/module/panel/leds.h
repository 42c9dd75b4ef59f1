/* What the two LEDs say. Left: the sound. Right: the state.
 *
 *   left   green    there is sound            right  green          plays, one engine for each channel
 *          yellow   louder than -6 dBFS              yellow         plays, both inputs through one engine
 *          red      the limiter is at work           dark wink      another preset
 *                                                    green flashes  saved
 *                                                    yellow flashes another model is on its way
 *                                                    red winks      the wanted model cannot be played: the factory's is
 *                                                    red            no model at all: the dry sound
 *   both yellow, in turn: a laptop streams through the engine */
#ifndef GRITSPACE_LEDS_H
#define GRITSPACE_LEDS_H

#include <stdint.h>

#include "panel/module_status.h"

#define GRIT_LED_COUNT 2u

typedef struct {
  uint8_t red, green; /* 255: fully on */
} grit_led_t;

/* block: their count since power-up, for what blinks. */
void grit_leds_show(const grit_module_status_t *status, uint32_t block, grit_led_t leds[GRIT_LED_COUNT]);

#endif
