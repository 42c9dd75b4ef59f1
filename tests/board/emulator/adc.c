/* ADC1 scanning pins for DMA, in continuous mode. */
#include <stdlib.h>
#include <string.h>

#include "board.h"

#define ADC1 0x40022000u
#define CR (ADC1 + 8u)
#define REQUEST 9u
#define CHANNELS 20u
#define ADEN 1u
#define ADSTART 4u
#define ADCAL (1u << 31)
#define ADVREGEN (1u << 28)

static const char *const pins[CHANNELS] = {"PA0_C", "PA1_C", "PF11", "PA6", "PC4", "PB1", "PF12", "PA7", "PC5", "PB0",
                                           "PC0",   "PC1",   "PC2",  "PC3", "PA2", "PA3", "PA0",  "PA1", "PA4", "PA5"};
static uint16_t codes[CHANNELS];
static bool codes_set;
static double next_ps;
static uint64_t calibrated_at;
static unsigned rank_now;
static bool converting;
uint64_t adc_rounds;
double adc_round_us, adc_first_round_ms;

bool adc_set_pin(const char *pin, uint16_t code) {
  for (unsigned i = 0; i < CHANNELS; i++) {
    if (strcmp(pins[i], pin) != 0) continue;
    codes[i] = code;
    return true;
  }
  return false;
}

static unsigned ranks(void) {
  return (reg(ADC1 + 0x30u) & 15u) + 1u;
}

static unsigned channel_of(unsigned rank) {
  const unsigned place = rank + 1u; /* five of six bits in each register; the first place is the length */
  return reg(ADC1 + 0x30u + 4u * (place / 5u)) >> 6u * (place % 5u) & 31u;
}

static double clock_hz(void) {
  static const uint16_t prescalers[16] = {1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256, 1, 1, 1, 1};
  const uint32_t common = reg(0x40022308u), mode = common >> 16 & 3u, source = reg(0x58024458u) >> 16 & 3u;
  if (mode != 0) return hclk() / 2.0 / mode;
  const double kernel = source == 1u ? pll_out(3, 'R') : source == 0 ? pll_out(2, 'P') : 64e6;
  return kernel / 2.0 / prescalers[common >> 18 & 15u]; /* revision V halves it */
}

static double rank_seconds(unsigned rank) {
  static const double sampling[8] = {1.5, 2.5, 8.5, 16.5, 32.5, 64.5, 387.5, 810.5};
  const unsigned channel = channel_of(rank);
  const uint32_t times = reg(ADC1 + (channel < 10u ? 0x14u : 0x18u)), oversampling = reg(ADC1 + 0x10u);
  const double conversions = (oversampling & 1u) != 0 ? (oversampling >> 16 & 1023u) + 1.0 : 1.0;
  return conversions * (sampling[times >> 3u * (channel % 10u) & 7u] + 8.5) / clock_hz();
}

static void check_pin(unsigned channel) {
  if (channel >= CHANNELS) {
    fault("ADC1 has no channel %u", channel);
    return;
  }
  const char *pin = pins[channel];
  const uint32_t port = 0x58020000u + 0x400u * (uint32_t)(pin[1] - 'A'), shift = 2u * (uint32_t)atoi(pin + 2);
  if ((reg(ADC1 + 0x1Cu) >> channel & 1u) == 0) fault("ADC1's channel %u is not preselected", channel);
  if ((reg(port) >> shift & 3u) != 3u) fault("%s is converted and not analog", pin);
  if ((reg(port + 0xCu) >> shift & 3u) != 0) fault("%s is converted and pulled", pin);
}

static void start(void) {
  double seconds = 0;
  for (unsigned i = 0; i < ranks(); i++) {
    check_pin(channel_of(i));
    seconds += rank_seconds(i);
  }
  adc_round_us = seconds * 1e6;
  if (clock_hz() > 50e6) fault("ADC1 runs at %.1f MHz", clock_hz() * 1e-6);
  note("ADC1 scans %u pins in %.1f us, at %.2f MHz", ranks(), adc_round_us, clock_hz() * 1e-6);
  rank_now = 0;
  converting = true;
  next_ps = (double)now_ps + rank_seconds(0) * 1e12;
  interrupt_emulation();
}

uint32_t adc_read(uint32_t address) {
  uint32_t value = reg(address);
  if (address == ADC1) return (value & ~0x1001u) | (reg(CR) & ADEN) | (reg(CR) & ADVREGEN) >> 16;
  if (address == CR && (value & ADCAL) != 0 && now_ps >= calibrated_at) {
    value &= ~ADCAL;
    if ((value >> 16 & 1u) != 0) value |= 0x3Fu << 22; /* the linearity's factors are ready */
    reg_set(CR, value);
  }
  return value;
}

void adc_write(uint32_t address, uint32_t value) {
  if (address == ADC1) {
    reg_set(ADC1, reg(ADC1) & ~value);
    return;
  }
  if (address != CR) {
    reg_set(address, value);
    return;
  }
  const uint32_t before = reg(CR);
  value |= before & (ADEN | ADSTART | ADCAL);
  if ((value & 2u) != 0) value &= ~3u; /* disabled */
  if ((value & ADCAL) != 0 && (before & ADCAL) == 0) {
    if ((value & ADVREGEN) == 0) fault("ADC1 is calibrated without its regulator");
    calibrated_at = now_ps + ps_of(((value >> 16 & 1u) != 0 ? 165010.0 : 1280.0) / clock_hz());
  }
  if ((value & 0x10u) != 0) { /* stopped */
    value &= ~0x14u;
    converting = false;
  }
  const bool starts = (value & ADSTART) != 0 && (before & ADSTART) == 0;
  if (starts && (value & ADEN) == 0) fault("ADC1 is started while it is off");
  reg_set(CR, value);
  if (starts) start();
}

uint64_t adc_at(void) {
  return converting ? (uint64_t)next_ps + 1u : NEVER;
}

void adc_tick(void) {
  while (converting && (double)now_ps >= next_ps) {
    dma_item(REQUEST, codes[channel_of(rank_now)]);
    if (++rank_now == ranks()) {
      rank_now = 0;
      reg_set(ADC1, reg(ADC1) | 0xCu);
      if (adc_rounds++ == 0) adc_first_round_ms = now_ms();
    }
    next_ps += rank_seconds(rank_now) * 1e12;
  }
}

void adc_reset(void) {
  converting = false;
  if (codes_set) return;
  codes_set = true;
  for (unsigned i = 0; i < CHANNELS; i++) codes[i] = 32768u; /* everything in the middle */
}
