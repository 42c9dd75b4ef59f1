/* The boards and their straps, as libDaisy tells them apart: PD3 to ground is a Seed 1.1 (rev 5), else PD4 to ground is
 * a Seed 1.2 (rev 7) or a Seed 2 DFM; neither is a Seed 1.0 (rev 4). Codecs: data sheets of AKM (AK4556), Cirrus Logic
 * (WM8731), Texas Instruments (PCM3060). */
#include "daisy_codec.h"

#include "daisy_i2c.h"
#include "daisy_pins.h"

#define UNITY 4096u
#define CODEC_PIN_PORT 'B' /* PB11: the AK4556's reset, the Seed's PCM3060's de-emphasis, else I2C's data */
#define CODEC_PIN 11u

#ifdef ARDUINO_DAISY_PATCH_SM

/* Registers of the PCM3060, and its address when its ADR pin is at ground. Its stages on the Submodule make 10 Vpp its
 * full scale. */
#define PCM3060 0x46u
enum { SYSTEM = 0x40, DAC_FORMAT = 0x43, ADC_FORMAT = 0x48 };
enum { RUNNING = 0x80, MODE_KEPT = 0x40, ASLEEP = 0x30, LEFT_JUSTIFIED = 1 };

static bool change(uint8_t address, uint8_t clear, uint8_t set) {
  uint8_t value = 0;
  if (!daisy_i2c_read(PCM3060, address, &value)) return false;
  return daisy_i2c_write(PCM3060, address, (uint8_t)((value & ~clear) | set));
}

static bool start_pcm3060(void) {
  daisy_i2c_start('B', 10);
  bool good = change(SYSTEM, RUNNING, 0); /* both resets are given by a 0, and end by themselves */
  HAL_Delay(4);
  good = change(SYSTEM, MODE_KEPT, 0) && good;
  HAL_Delay(4);
  good = change(DAC_FORMAT, 0, LEFT_JUSTIFIED) && good;
  good = change(ADC_FORMAT, 0, LEFT_JUSTIFIED) && good;
  return change(SYSTEM, ASLEEP, 0) && good;
}

daisy_revision_t daisy_codec_start(void) {
  const daisy_revision_t revision = {"daisy_patch_sm", true, UNITY, UNITY, start_pcm3060()};
  return revision;
}

#else

#define WM8731 0x1Au

static bool start_wm8731(void) {
  static const uint8_t settings[][2] = {
      {15, 0x00},            /* reset */
      {0, 0x17},  {1, 0x17}, /* both line inputs: 0 dB */
      {2, 0x00},  {3, 0x00}, /* no headphones */
      {4, 0x12},             /* line in to the ADC, the DAC to line out, no microphone */
      {5, 0x00},             /* no de-emphasis, no soft mute */
      {6, 0x62},             /* microphone, oscillator and clock output are off */
      {7, 0x09},             /* 24 bits left-justified; the processor gives the clocks */
      {8, 0x00},             /* 48 kHz */
      {9, 0x00},  {9, 0x01}, /* on */
  };
  bool good = true;
  daisy_i2c_start('H', 4);
  for (unsigned i = 0; i < sizeof settings / sizeof settings[0]; i++) {
    good = daisy_i2c_write(WM8731, (uint8_t)(settings[i][0] << 1), settings[i][1]) && good;
    HAL_Delay(10);
  }
  return good;
}

static void drive_codec_pin(bool high) {
  daisy_pin_write(CODEC_PIN_PORT, CODEC_PIN, high);
  daisy_pins_set(CODEC_PIN_PORT, 1u << CODEC_PIN, GPIO_MODE_OUTPUT_PP, GPIO_NOPULL, GPIO_SPEED_FREQ_LOW, 0);
}

static void reset_ak4556(void) {
  drive_codec_pin(true);
  HAL_Delay(1);
  daisy_pin_write(CODEC_PIN_PORT, CODEC_PIN, false);
  HAL_Delay(1);
  daisy_pin_write(CODEC_PIN_PORT, CODEC_PIN, true);
}

/* Full scales, in and out: AK4556 0.6 * 3.3 V = 1.98 Vpp, which the others are brought to; WM8731 1 Vrms = 2.83 Vpp.
 * What stands between a Seed 1.2's pins and its PCM3060 is not known here: unity. */
daisy_revision_t daisy_codec_start(void) {
  daisy_pins_set('D', 1u << 3 | 1u << 4, GPIO_MODE_INPUT, GPIO_PULLUP, GPIO_SPEED_FREQ_LOW, 0);
  HAL_Delay(1); /* the pull-ups lift the lines */
  if (!daisy_pin_read('D', 3)) {
    const daisy_revision_t revision = {"daisy_seed 1.1", true, 5850, 2868, start_wm8731()};
    return revision;
  }
  if (!daisy_pin_read('D', 4)) {
    drive_codec_pin(false);
    const daisy_revision_t revision = {"daisy_seed 1.2", false, UNITY, UNITY, true};
    return revision;
  }
  reset_ak4556();
  const daisy_revision_t revision = {"daisy_seed 1.0", false, UNITY, UNITY, true};
  return revision;
}

#endif
