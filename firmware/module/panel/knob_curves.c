#include "panel/knob_curves.h"

#include "placement.h"

#define MIDDLE 32768

/* round(65536 * 2^(i / 16)) */
GRIT_FAST_DATA static const int32_t powers[17] = {65536, 68438,  71468,  74632,  77936,  81386,  84990,  88752, 92682,
                                                  96785, 101070, 105545, 110218, 115098, 120194, 125515, 131072};

GRIT_FAST_CODE int32_t grit_exp2_q16(int32_t q16) {
  int32_t octave = q16 >> 16;
  if (octave < -16) return 1;
  if (octave > 8) octave = 8, q16 = 9 * GRIT_UNITY_Q16 - 1;
  const int32_t rest = q16 & 0xFFFF;
  const int32_t low = powers[rest >> 12], high = powers[(rest >> 12) + 1];
  const int32_t power = low + (((high - low) * (rest & 0xFFF)) >> 12);
  return octave >= 0 ? power * (1 << octave) : power >> -octave;
}

GRIT_FAST_CODE int32_t grit_log2_q16(uint32_t value) {
  uint32_t octave = 0;
  for (uint32_t half = 16; half != 0; half >>= 1) {
    if (value >> (octave + half) != 0u) octave += half;
  }
  return (int32_t)((octave << 16) + (((value << (31u - octave)) & 0x7FFFFFFFu) >> 15));
}

/* The knob's way from the middle, -65536..65536, without the margin around it. */
static int32_t way_of(uint16_t knob) {
  const int32_t way = (int32_t)knob - MIDDLE;
  const int32_t span = 65535 - MIDDLE - GRIT_KNOB_MIDDLE_MARGIN;
  int32_t beyond = way > GRIT_KNOB_MIDDLE_MARGIN    ? way - GRIT_KNOB_MIDDLE_MARGIN
                   : way < -GRIT_KNOB_MIDDLE_MARGIN ? way + GRIT_KNOB_MIDDLE_MARGIN
                                                    : 0;
  if (beyond < -span) beyond = -span;    /* the lower half is one code longer */
  return beyond * GRIT_UNITY_Q16 / span; /* 32112 * 65536 still fits */
}

GRIT_FAST_CODE int32_t grit_gain_of_knob(uint16_t knob) {
  return grit_exp2_q16(4 * way_of(knob));
}

GRIT_FAST_CODE int32_t grit_level_of_knob(uint16_t knob) {
  const int32_t way = way_of(knob);
  if (way >= 0) return grit_exp2_q16(2 * way);
  const int64_t turn = GRIT_UNITY_Q16 + way;
  return (int32_t)((turn * turn) >> 16);
}

GRIT_FAST_CODE int32_t grit_mix_of_knob(uint16_t knob) {
  return knob + (knob >> 15); /* 65535 is 1 */
}
