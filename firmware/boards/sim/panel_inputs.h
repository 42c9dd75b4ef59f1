/* The simulated panel's converter: knobs and jacks as codes, with the noise that a real one has. */
#ifndef GRITSPACE_SIM_PANEL_INPUTS_H
#define GRITSPACE_SIM_PANEL_INPUTS_H

#include <stdint.h>

#include "panel/generated/panel.h"

/* Most by which a code is off: about what the Seed's converter, averaging eight conversions, is. */
#define SIM_PANEL_NOISE 10

/* Every knob in the middle, nothing patched. */
void sim_panel_start(void);

/* What the inputs are from now on: codes as in the link's `turn`, without noise. */
void sim_panel_turn(const uint8_t *codes);

/* What the converter reads now, renewed by every call. GRIT_PANEL_ANALOG_COUNT codes. */
const volatile uint16_t *sim_panel_read(void);

#endif
