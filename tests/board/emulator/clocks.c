/* RCC, PWR, the flash's wait states, the SDRAM controller and the watchdog: what decides how fast things go. */
#include "board.h"

#define RCC 0x58024400u
#define RCC_CR RCC
#define RCC_CFGR (RCC + 0x10u)
#define RCC_D1CFGR (RCC + 0x18u)
#define RCC_PLLCKSELR (RCC + 0x28u)
#define RCC_PLL1DIVR (RCC + 0x30u)
#define RCC_RSR (RCC + 0xD0u)
#define PWR_CSR1 0x58024804u
#define PWR_CR3 0x5802480Cu
#define PWR_D3CR 0x58024818u
#define SYSCFG_PWRCR 0x5800042Cu
#define FLASH_ACR 0x52002000u
#define IWDG_KR 0x58004800u
#define FMC_SDCR1 0x52004140u
#define FMC_SDCMR 0x52004150u
#define FMC_SDRTR 0x52004154u
#define HSE_HZ 16000000u
#define HSI_HZ 64000000u
#define HSI48_HZ 48000000u

static bool supplied; /* since power came */
static uint32_t running_hz;
static uint64_t watchdog_end, kicked_at;
uint64_t watchdog_kicks, watchdog_longest_ps;

uint32_t pll_out(unsigned pll, char output) {
  const uint32_t select = reg(RCC_PLLCKSELR), source = select & 3u, m = select >> (4u + 8u * (pll - 1u)) & 63u;
  const uint32_t dividers = reg(RCC_PLL1DIVR + 8u * (pll - 1u));
  const uint32_t in = source == 2u ? (options.crystal ? HSE_HZ : 0) : source == 1u ? 4000000u : HSI_HZ;
  if (m == 0) return 0;
  const uint32_t vco = (uint32_t)((uint64_t)in * ((dividers & 511u) + 1u) / m);
  return vco / ((dividers >> (output == 'P' ? 9 : output == 'Q' ? 16 : 24) & 127u) + 1u);
}

static uint32_t divided(uint32_t hz, uint32_t code) {
  if ((code & 8u) == 0) return hz;
  return hz >> ((code & 7u) < 4u ? (code & 7u) + 1u : (code & 7u) + 2u);
}

uint32_t sysclk(void) {
  const uint32_t source = reg(RCC_CFGR) & 7u;
  const uint32_t hz = source == 3u   ? pll_out(1, 'P')
                      : source == 2u ? HSE_HZ
                      : source == 1u ? 4000000u
                                     : HSI_HZ >> (reg(RCC_CR) >> 3 & 3u);
  return divided(hz, reg(RCC_D1CFGR) >> 8 & 15u);
}

uint32_t hclk(void) {
  return divided(sysclk(), reg(RCC_D1CFGR) & 15u);
}

uint32_t usb_clock(const char **source) {
  switch (reg(RCC + 0x54u) >> 20 & 3u) {
    case 1:
      *source = "PLL1Q";
      return pll_out(1, 'Q');
    case 2:
      *source = "PLL3Q";
      return pll_out(3, 'Q');
    case 3:
      *source = "HSI48";
      return HSI48_HZ;
    default:
      *source = "none";
      return 0;
  }
}

/* A row is refreshed each COUNT + 20 clocks of the SDRAM, which is the FMC's by 2 or 3. */
double sdram_row_us(void) {
  const uint32_t count = reg(FMC_SDRTR) >> 1 & 0x1FFFu, divider = reg(FMC_SDCR1) >> 10 & 3u;
  const uint32_t fmc = (reg(RCC + 0x4Cu) & 3u) == 2u ? pll_out(2, 'R') : hclk();
  return count == 0 || divider < 2u || fmc == 0 ? 0 : (count + 20u) * 1e6 * divider / fmc;
}

/* Data sheet, table of wait states; at VOS0 to 480 MHz. */
static uint32_t wait_states(uint32_t axi_hz) {
  const uint32_t mhz = (axi_hz + 999999u) / 1000000u;
  return mhz <= 70u ? 0 : mhz <= 140u ? 1 : mhz <= 185u ? 2 : mhz <= 210u ? 2 : mhz <= 225u ? 3 : 4;
}

static void clocks_changed(void) {
  const uint32_t hz = sysclk();
  if (hz == running_hz || hz == 0) return;
  running_hz = hz;
  set_cycle_time(hz);
  const bool highest = (reg(PWR_D3CR) >> 14 & 3u) == 3u && (reg(SYSCFG_PWRCR) & 1u) != 0;
  if (hz > 400000000u && !highest) fault("%u Hz without VOS0", hz);
  if (hz > 480000000u) fault("%u Hz: the processor bears 480 MHz", hz);
  const uint32_t states = reg(FLASH_ACR) & 15u;
  if (states < wait_states(hclk())) fault("%u flash wait states at %u Hz", states, hclk());
  if (hclk() > 185000000u && (reg(FLASH_ACR) >> 4 & 3u) < 2u) fault("WRHIGHFREQ too low at %u Hz", hclk());
  note("the processor runs at %u Hz, buses at %u Hz, flash with %u wait states", hz, hclk(), states);
}

static uint32_t ready_bits(uint32_t control) {
  static const uint8_t pairs[][2] = {{0, 2}, {0, 5}, {7, 8}, {12, 13}, {16, 17}, {24, 25}, {26, 27}, {28, 29}};
  for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    const bool on = (control >> pairs[i][0] & 1u) != 0 && (pairs[i][0] != 16 || options.crystal);
    control = (control & ~(1u << pairs[i][1])) | (uint32_t)on << pairs[i][1];
  }
  return control | 3u << 14;
}

bool clocks_read(uint32_t address, uint32_t *value) {
  const uint32_t now = reg(address);
  switch (address) {
    case RCC_CR:
      *value = ready_bits(now);
      return true;
    case RCC_CFGR:
      *value = (now & ~(7u << 3)) | (now & 7u) << 3;
      return true;
    case RCC + 0x70u:
    case RCC + 0x74u: /* the slow oscillators */
      *value = now | (now & 1u) << 1;
      return true;
    case PWR_CSR1:
      *value = now | 1u << 13 | (reg(PWR_D3CR) & 3u << 14);
      return true;
    case PWR_D3CR:
      *value = now | 1u << 13;
      return true;
    case PWR_CR3: /* the USB regulator's detector */
      *value = now | (now >> 24 & 1u) << 26;
      return true;
    case 0x52002010u: /* FLASH_SR */
    case 0x52004158u: /* FMC_SDSR */
    case 0x5800480Cu: /* IWDG_SR */
      *value = 0;
      return true;
    default:
      return false;
  }
}

static uint64_t watchdog_time(void) {
  const double prescaler = 4u << (reg(IWDG_KR + 4u) & 7u);
  return ps_of(prescaler / 32000.0 * ((reg(IWDG_KR + 8u) & 0xFFFu) + 1u));
}

static void watchdog_write(uint32_t key) {
  if (key != 0xAAAAu && key != 0xCCCCu) return;
  if (key == 0xAAAAu) watchdog_kicks++;
  if (kicked_at != 0 && now_ps - kicked_at > watchdog_longest_ps) watchdog_longest_ps = now_ps - kicked_at;
  kicked_at = now_ps;
  watchdog_end = now_ps + watchdog_time();
  interrupt_emulation();
}

uint64_t watchdog_at(void) {
  return watchdog_end;
}

void watchdog_bite(void) {
  watchdog_end = NEVER;
  reg_set(RCC_RSR, reg(RCC_RSR) | 1u << 26);
  request_reset("the watchdog bites");
}

bool clocks_write(uint32_t address, uint32_t value) {
  if (address == RCC_RSR) {
    if ((value >> 16 & 1u) != 0) reg_set(address, 0);
    return true;
  }
  if (address == FMC_SDCMR && (value & 7u) == 4u) memories_sdram_ready(); /* its mode register is loaded */
  if (address == IWDG_KR) watchdog_write(value);
  if (address == PWR_CR3 && !supplied) {
    supplied = true;
    if (!memories_untouched()) fault("memory is written before the supply is set: in Run* it need not keep that");
  }
  if (address != RCC_CR && address != RCC_CFGR && address != RCC_D1CFGR) return false;
  reg_set(address, value);
  clocks_changed();
  return true;
}

void clocks_reset(bool power_on) {
  reg_set(RCC_CR, 0x25);
  reg_set(PWR_CR3, 0x6);
  reg_set(PWR_D3CR, 1u << 14);
  reg_set(RCC_PLLCKSELR, 0x02020200u);
  for (unsigned i = 0; i < 3; i++) reg_set(RCC_PLL1DIVR + 8u * i, 0x01010280u);
  reg_set(IWDG_KR + 8u, 0xFFF);
  reg_set(FLASH_ACR, 0x37);
  reg_set(0x52004000u, 0x30DB);
  watchdog_end = NEVER;
  kicked_at = 0;
  if (power_on) {
    running_hz = 0;
    supplied = false;
  }
  clocks_changed();
}
