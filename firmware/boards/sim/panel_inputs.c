#include "panel_inputs.h"

#include <string.h>

static volatile uint16_t still[GRIT_PANEL_ANALOG_COUNT]; /* what is at the pins */
static volatile uint16_t read_codes[GRIT_PANEL_ANALOG_COUNT];
static uint32_t noise = 1;

/* The panel's transfer the other way around: what a turn and a voltage make at the converter. */
static uint16_t code_of_knob(uint32_t turn) {
  return (uint16_t)(GRIT_PANEL_KNOB_LEFT_CODE +
                    (GRIT_PANEL_KNOB_RIGHT_CODE - GRIT_PANEL_KNOB_LEFT_CODE) * (int64_t)turn / 65535);
}

static uint16_t code_of_jack(int32_t microvolts) {
  const int64_t pin = GRIT_PANEL_CV_OFFSET_UV + (int64_t)microvolts * GRIT_PANEL_CV_GAIN_PPM / 1000000;
  return (uint16_t)(pin * 65535 / GRIT_PANEL_ADC_FULL_SCALE_UV);
}

void sim_panel_start(void) {
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) {
    still[i] = i < GRIT_PANEL_KNOB_COUNT ? code_of_knob(32768u) : code_of_jack(0);
  }
}

void sim_panel_turn(const uint8_t *codes) {
  uint16_t code;
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) {
    memcpy(&code, codes + i * sizeof code, sizeof code);
    still[i] = code;
  }
}

/* The sum of two dice, -SIM_PANEL_NOISE to SIM_PANEL_NOISE. */
static int32_t next_noise(void) {
  int32_t sum = -SIM_PANEL_NOISE;
  for (unsigned i = 0; i < 2u; i++) {
    noise = noise * 1664525u + 1013904223u;
    sum += (int32_t)((noise >> 16) % (SIM_PANEL_NOISE + 1u));
  }
  return sum;
}

const volatile uint16_t *sim_panel_read(void) {
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) {
    const int32_t code = still[i] + next_noise();
    read_codes[i] = (uint16_t)(code < 0 ? 0 : code > 65535 ? 65535 : code);
  }
  return read_codes;
}
