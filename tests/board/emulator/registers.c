/* All registers: what was written is read again, unless a part answers for itself. A peripheral whose clock is off
 * neither reads nor writes. */
#include <stdlib.h>
#include <string.h>

#include "board.h"

#define RCC 0x58024400u

typedef struct {
  uint32_t at, bytes;
  uint32_t *words;
} window_t;
static window_t windows[] = {{0xE0000000u, 0x100000, NULL}, {0x40000000u, 0x30000, NULL},  {0x40040000u, 0x80000, NULL},
                             {0x58000000u, 0x40000, NULL},  {0x52000000u, 0x20000, NULL},  {0x48020000u, 0x10000, NULL},
                             {0x50000000u, 0x10000, NULL},  {0x51000000u, 0x100000, NULL}, {0x5C001000u, 0x1000, NULL}};
enum { WINDOWS = sizeof windows / sizeof windows[0] };

/* Where a peripheral lies and which bit of which RCC register clocks it; bit -1: always. */
typedef struct {
  uint32_t at, bytes;
  const char *name;
  uint16_t enable;
  int8_t bit;
} peripheral_t;
static const peripheral_t peripherals[] = {
    {0xE0000000u, 0x100000, "the core", 0, -1},
    {0x40080000u, 0x40000, "OTG2_FS", 0xD8, 27},
    {0x58020000u, 0x400, "GPIOA", 0xE0, 0},
    {0x58020400u, 0x400, "GPIOB", 0xE0, 1},
    {0x58020800u, 0x400, "GPIOC", 0xE0, 2},
    {0x58020C00u, 0x400, "GPIOD", 0xE0, 3},
    {0x58021000u, 0x400, "GPIOE", 0xE0, 4},
    {0x58021400u, 0x400, "GPIOF", 0xE0, 5},
    {0x58021800u, 0x400, "GPIOG", 0xE0, 6},
    {0x58021C00u, 0x400, "GPIOH", 0xE0, 7},
    {0x58022000u, 0x400, "GPIOI", 0xE0, 8},
    {0x58022400u, 0x400, "GPIOJ", 0xE0, 9},
    {0x58022800u, 0x400, "GPIOK", 0xE0, 10},
    {0x40000000u, 0x400, "TIM2", 0xE8, 0},
    {0x40000400u, 0x400, "TIM3", 0xE8, 1},
    {0x40000800u, 0x400, "TIM4", 0xE8, 2},
    {0x40000C00u, 0x400, "TIM5", 0xE8, 3},
    {0x40001000u, 0x400, "TIM6", 0xE8, 4},
    {0x40001400u, 0x400, "TIM7", 0xE8, 5},
    {0x40005400u, 0x400, "I2C1", 0xE8, 21},
    {0x40005800u, 0x400, "I2C2", 0xE8, 22},
    {0x40005C00u, 0x400, "I2C3", 0xE8, 23},
    {0x40007400u, 0x400, "DAC1", 0xE8, 29},
    {0x40008400u, 0x400, "CRS", 0xEC, 1},
    {0x40015800u, 0x400, "SAI1", 0xF0, 22},
    {0x40015C00u, 0x400, "SAI2", 0xF0, 23},
    {0x40020000u, 0x400, "DMA1", 0xD8, 0},
    {0x40020400u, 0x400, "DMA2", 0xD8, 1},
    {0x40020800u, 0x400, "DMAMUX1", 0, -1},
    {0x40022000u, 0x400, "ADC1", 0xD8, 5},
    {0x40040000u, 0x40000, "OTG1_HS", 0xD8, 25},
    {0x52000000u, 0x1000, "MDMA", 0xD4, 0},
    {0x52002000u, 0x1000, "the flash's registers", 0, -1},
    {0x52004000u, 0x1000, "FMC", 0xD4, 12},
    {0x52005000u, 0x1000, "QUADSPI", 0xD4, 14},
    {0x58000000u, 0x400, "EXTI", 0, -1},
    {0x58000400u, 0x400, "SYSCFG", 0xF4, 1},
    {0x58004000u, 0x400, "RTC", 0, -1},
    {0x58004800u, 0x400, "the watchdog", 0, -1},
    {0x58024400u, 0x400, "RCC", 0, -1},
    {0x58024800u, 0x400, "PWR", 0, -1},
    {0x58024C00u, 0x400, "CRC", 0xE0, 19},
    {0x58026400u, 0x400, "HSEM", 0xE0, 25},
    {0x51000000u, 0x100000, "AXI's switches", 0, -1},
    {0x5C001000u, 0x1000, "DBGMCU", 0, -1},
};

static uint32_t *word_at(uint32_t address) {
  for (unsigned i = 0; i < WINDOWS; i++) {
    const window_t *window = &windows[i];
    if (address - window->at < window->bytes) return &window->words[(address - window->at) / 4u];
  }
  return NULL;
}

uint32_t reg(uint32_t address) {
  const uint32_t *word = word_at(address);
  return word != NULL ? *word : 0;
}

void reg_set(uint32_t address, uint32_t value) {
  uint32_t *word = word_at(address);
  if (word != NULL) *word = value;
}

static const peripheral_t *peripheral_at(uint32_t address) {
  for (unsigned i = 0; i < sizeof peripherals / sizeof peripherals[0]; i++) {
    if (address - peripherals[i].at < peripherals[i].bytes) return &peripherals[i];
  }
  return NULL;
}

static const peripheral_t *clocked(uint32_t address, const char *what) {
  const peripheral_t *peripheral = peripheral_at(address);
  if (peripheral == NULL) {
    fault_once(address, "%s %08x, where the chip has nothing this board knows; pc %08x", what, address, core_pc());
    return NULL;
  }
  if (peripheral->bit < 0 || (reg(RCC + peripheral->enable) >> peripheral->bit & 1u) != 0) return peripheral;
  fault_once(peripheral->at | (*what == 'r'), "%s %s+%03x while its clock is off; pc %08x", what, peripheral->name,
             address - peripheral->at, core_pc());
  return NULL;
}

static uint32_t read_word(uint32_t address, uint32_t size) {
  uint32_t value;
  const peripheral_t *peripheral = clocked(address, "read of");
  if (peripheral == NULL) return 0;
  switch (peripheral->at) {
    case 0xE0000000u:
      return core_peripheral_read(address);
    case 0x40080000u:
      return usb_read(address - peripheral->at);
    case 0x40020000u:
    case 0x40020400u:
      return dma_register_read(address);
    case 0x40015800u:
      return sai_read(address);
    case 0x40022000u:
      return adc_read(address);
    case 0x40005800u:
      return i2c_read(address - peripheral->at);
    case 0x52005000u:
      return quadspi_read(address - peripheral->at, size);
    case 0x5C001000u:
      return address == 0x5C001000u ? 0x20036450u : reg(address); /* an STM32H750, revision V */
    default:
      return gpio_read(address, &value) || clocks_read(address, &value) ? value : reg(address);
  }
}

static void write_word(uint32_t address, uint32_t value, uint32_t size) {
  const peripheral_t *peripheral = clocked(address, "write to");
  if (peripheral == NULL) return;
  if (peripheral->at == 0xE0000000u) {
    core_peripheral_write(address, value, size);
    return;
  }
  if (peripheral->at == 0x52005000u) {
    quadspi_write(address - peripheral->at, value, size);
    return;
  }
  if (size < 4) { /* the rest of the word stays */
    const uint32_t shift = 8u * (address & 3u), mask = (size == 1 ? 0xFFu : 0xFFFFu) << shift;
    address &= ~3u;
    value = (read_word(address, 4) & ~mask) | (value << shift & mask);
  }
  switch (peripheral->at) {
    case 0x40080000u:
      usb_write(address - peripheral->at, value);
      return;
    case 0x40020000u:
    case 0x40020400u:
      dma_register_write(address, value);
      return;
    case 0x40015800u:
      sai_write(address, value);
      return;
    case 0x40022000u:
      adc_write(address, value);
      return;
    case 0x40005800u:
      i2c_write(address - peripheral->at, value);
      return;
    default:
      if (!gpio_write(address, value) && !clocks_write(address, value)) reg_set(address, value);
  }
}

static uint64_t on_read(uc_engine *engine, uint64_t offset, unsigned size, void *window) {
  (void)engine;
  const uint32_t address = (uint32_t)offset + ((const window_t *)window)->at;
  const bool whole = size == 4 || (address & ~0xFFFu) == 0x52005000u;
  const uint32_t word = whole ? read_word(address, size) : read_word(address & ~3u, 4) >> 8u * (address & 3u);
  if (options.verbose > 2) note("R %08x = %08x, pc %08x", address, word, core_pc());
  return size == 1 ? word & 0xFFu : size == 2 ? word & 0xFFFFu : word;
}

static void on_write(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *window) {
  (void)engine;
  const uint32_t address = (uint32_t)offset + ((const window_t *)window)->at;
  if (options.verbose > 2) note("W %08x = %08x, pc %08x", address, (uint32_t)value, core_pc());
  write_word(address, (uint32_t)value, size);
}

bool registers_open(void) {
  for (unsigned i = 0; i < WINDOWS; i++) {
    window_t *window = &windows[i];
    window->words = calloc(1, window->bytes);
    if (window->words == NULL) return false;
    if (uc_mmio_map(uc, window->at, window->bytes, on_read, window, on_write, window) != UC_ERR_OK) return false;
  }
  return true;
}

void registers_reset(bool power_on) {
  const uint32_t reasons = reg(RCC + 0xD0u);
  for (unsigned i = 0; i < WINDOWS; i++) memset(windows[i].words, 0, windows[i].bytes);
  reg_set(RCC + 0xD0u, power_on ? 0x00E80000u : reasons);
}
