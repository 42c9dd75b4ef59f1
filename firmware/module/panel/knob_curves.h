/* What the gain and level knobs mean as factors. Q16: 65536 is 1. */
#ifndef GRITSPACE_KNOB_CURVES_H
#define GRITSPACE_KNOB_CURVES_H

#include <stdint.h>

#define GRIT_UNITY_Q16 65536

/* How far from the middle, to either side, a knob still counts as there: 1 % of the turn. */
#define GRIT_KNOB_MIDDLE_MARGIN 655

/* 2^(q16 / 65536) in Q16, within 0.03 %. q16: -16..9 times 65536; what is beyond clamps. */
int32_t grit_exp2_q16(int32_t q16);

/* log2 in Q16, in straight lines between powers of two, at most half a decibel too low. value: 1 up. */
int32_t grit_log2_q16(uint32_t value);

/* 0..65535 is the whole turn -> -24 to 24 dB, evenly; the middle is exactly 1. */
int32_t grit_gain_of_knob(uint16_t knob);

/* Silence to 1 at the middle, with the square of the turn; from there evenly in dB up to 12 dB. */
int32_t grit_level_of_knob(uint16_t knob);

/* The wet part, 0 to 1. */
int32_t grit_mix_of_knob(uint16_t knob);

#endif
