/* The panel: what is on which pin, and what a voltage at a jack becomes at the pin.
 * Generated from hardware/panels/patch_init.toml: python -m hardware.build --header.
 */
#ifndef GRITSPACE_PANEL_PATCH_INIT_H
#define GRITSPACE_PANEL_PATCH_INIT_H

/* clang-format off */

#define GRIT_PANEL_ANALOG_COUNT 8
#define GRIT_PANEL_KNOB_COUNT 4
#define GRIT_PANEL_CV_COUNT 4
#define GRIT_PANEL_PLAYED_COUNT 4 /* first knobs, and CV inputs: drive, tone, symmetry, dynamics */

/* Which knobs these are; -1: the panel has none. */
#define GRIT_PANEL_KNOB_GAIN (-1)
#define GRIT_PANEL_KNOB_MIX (-1)
#define GRIT_PANEL_KNOB_LEVEL (-1)

/* X(name, pin, port, bit), in the order of the converter's scan. */
#define GRIT_PANEL_ANALOG(X)       \
    X(KNOB_DRIVE, CV_1, 'A', 3)    \
    X(KNOB_TONE, CV_2, 'A', 6)     \
    X(KNOB_SYMMETRY, CV_3, 'A', 2) \
    X(KNOB_DYNAMICS, CV_4, 'A', 7) \
    X(CV_DRIVE, CV_5, 'B', 1)      \
    X(CV_TONE, CV_6, 'C', 4)       \
    X(CV_SYMMETRY, CV_7, 'C', 0)   \
    X(CV_DYNAMICS, CV_8, 'C', 1)

/* X(name, pin, port, bit, active low) */
#define GRIT_PANEL_SWITCHES(X)     \
    X(GATE, GATE_IN_1, 'G', 13, 1) \
    X(BUTTON, B7, 'B', 8, 1)

/* No LEDs of its own: GRIT_PANEL_LEDS is not defined. */

/* Converter: full scale in microvolts at the pin, and what a knob reads at either end of its turn. */
#define GRIT_PANEL_ADC_FULL_SCALE_UV 3300000
#define GRIT_PANEL_KNOB_LEFT_CODE 32768
#define GRIT_PANEL_KNOB_RIGHT_CODE 0

/* A CV input, nominally: pin = offset + jack * gain / 1000000, in microvolts. Calibration replaces both. */
#define GRIT_PANEL_CV_OFFSET_UV 1650000
#define GRIT_PANEL_CV_GAIN_PPM (-330000)
#define GRIT_PANEL_CV_MIN_UV (-5000000)
#define GRIT_PANEL_CV_MAX_UV 5000000

/* clang-format on */

#endif
