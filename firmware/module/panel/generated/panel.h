/* The panel: what is on which pin, and what a voltage at a jack becomes at the pin.
 * Generated from hardware/panels/module.toml and hardware/circuit/stages: python -m hardware.build --header.
 */
#ifndef GRITSPACE_PANEL_H
#define GRITSPACE_PANEL_H

/* clang-format off */

#ifdef GRIT_PANEL_PATCH_INIT
#include "panel_patch_init.h"
#else

#define GRIT_PANEL_ANALOG_COUNT 11
#define GRIT_PANEL_KNOB_COUNT 7
#define GRIT_PANEL_CV_COUNT 4
#define GRIT_PANEL_PLAYED_COUNT 4 /* first knobs, and CV inputs: drive, tone, symmetry, dynamics */

/* Which knobs these are; -1: the panel has none. */
#define GRIT_PANEL_KNOB_GAIN (4)
#define GRIT_PANEL_KNOB_MIX (5)
#define GRIT_PANEL_KNOB_LEVEL (6)

/* X(name, pin, port, bit), in the order of the converter's scan. */
#define GRIT_PANEL_ANALOG(X)     \
    X(KNOB_DRIVE, A4, 'A', 6)    \
    X(KNOB_TONE, A5, 'C', 1)     \
    X(KNOB_SYMMETRY, A6, 'C', 4) \
    X(KNOB_DYNAMICS, A9, 'A', 1) \
    X(KNOB_GAIN, A7, 'A', 5)     \
    X(KNOB_MIX, A8, 'A', 4)      \
    X(KNOB_LEVEL, A10, 'A', 0)   \
    X(CV_DRIVE, A0, 'C', 0)      \
    X(CV_TONE, A1, 'A', 3)       \
    X(CV_SYMMETRY, A2, 'B', 1)   \
    X(CV_DYNAMICS, A3, 'A', 7)

/* X(name, pin, port, bit, active low) */
#define GRIT_PANEL_SWITCHES(X)  \
    X(GATE, D0, 'B', 12, 1)     \
    X(BUTTON, D1, 'C', 11, 1)

/* X(name, pin, port, bit); all on one timer, TIM4. */
#define GRIT_PANEL_LEDS(X)      \
    X(LEFT_RED, D13, 'B', 6)    \
    X(LEFT_GREEN, D14, 'B', 7)  \
    X(RIGHT_RED, D11, 'B', 8)   \
    X(RIGHT_GREEN, D12, 'B', 9)

/* While this pin is high the outputs play; else they are shorted. X(port, bit) */
#define GRIT_PANEL_UNMUTE(X) X('B', 5) /* D10 */

/* Converter: full scale in microvolts at the pin, and what a knob reads at either end of its turn. */
#define GRIT_PANEL_ADC_FULL_SCALE_UV 3300000
#define GRIT_PANEL_KNOB_LEFT_CODE 0
#define GRIT_PANEL_KNOB_RIGHT_CODE 65535

/* A CV input, nominally: pin = offset + jack * gain / 1000000, in microvolts. Calibration replaces both. */
#define GRIT_PANEL_CV_OFFSET_UV 1661148
#define GRIT_PANEL_CV_GAIN_PPM (-301000)
#define GRIT_PANEL_CV_MIN_UV (-5000000)
#define GRIT_PANEL_CV_MAX_UV 5000000

#endif

/* clang-format on */

#endif
