/* One data line and plain commands (ISSI's IS25LP064A data sheet; ST's RM0433, QUADSPI): what every such chip
 * understands whatever was done to it before, and quick enough: a page is sent in 30 us, a sector read back in 0.5 ms.
 */
#include "daisy_flash.h"

#include <string.h>

#include "daisy_vendor.h"

#define CHIP_BYTES (8u << 20)
#define PRESCALER 2u /* 240 MHz / 3: the chip bears 133 */
#define LOG2_CHIP_BYTES 23u
#define SPIN_LIMIT 1000000u /* a wait that lasts longer has failed; the longest transfer is a sector's */

enum {
  CHIP_RESET_ENABLE = 0x66,
  CHIP_RESET = 0x99,
  CHIP_READ_ID = 0x9F,
  CHIP_READ_STATUS = 0x05,
  CHIP_WRITE_ENABLE = 0x06,
  CHIP_FAST_READ = 0x0B, /* after an address and 8 clocks */
  CHIP_PAGE_PROGRAM = 0x02,
  CHIP_SECTOR_ERASE = 0x20
};
#define STATUS_BUSY 1u
#define ID_ISSI_LP 0x609Du /* the first two bytes of the ID, the first one lowest; the third is the size */
#define FAST_READ_CLOCKS 8u

#define ONE_LINE_INSTRUCTION QUADSPI_CCR_IMODE_0
#define ONE_LINE_ADDRESS (QUADSPI_CCR_ADMODE_0 | QUADSPI_CCR_ADSIZE_1) /* 24 bits */
#define ONE_LINE_DATA QUADSPI_CCR_DMODE_0
#define READING QUADSPI_CCR_FMODE_0

__attribute__((section(".sdram_bss"), aligned(32))) static uint8_t copy[CHIP_BYTES];
static uint32_t working_at, working_bytes; /* what the chip erases or programs; 0 bytes: nothing */

static bool wait_for(uint32_t flags, uint32_t value) {
  for (uint32_t i = 0; i < SPIN_LIMIT; i++) {
    if ((QUADSPI->SR & flags) == value) return true;
  }
  return false;
}

/* Of a command that was begun. False, and given up, if it does not end. */
static bool finish(void) {
  bool ended = wait_for(QUADSPI_SR_TCF, QUADSPI_SR_TCF);
  if (!ended) QUADSPI->CR |= QUADSPI_CR_ABORT;
  QUADSPI->FCR = QUADSPI_FCR_CTCF;
  return wait_for(QUADSPI_SR_BUSY, 0) && ended;
}

static bool command(uint32_t instruction) {
  QUADSPI->CCR = ONE_LINE_INSTRUCTION | instruction;
  return finish();
}

static bool wait_for_bytes(uint32_t count) {
  for (uint32_t spin = 0; spin < SPIN_LIMIT; spin++) {
    if ((QUADSPI->SR & QUADSPI_SR_FLEVEL) >> QUADSPI_SR_FLEVEL_Pos >= count) return true;
  }
  return false;
}

static bool receive(uint32_t settings, bool addressed, uint32_t address, uint8_t *bytes, uint32_t count) {
  QUADSPI->DLR = count - 1u;
  QUADSPI->CCR = READING | ONE_LINE_INSTRUCTION | ONE_LINE_DATA | settings;
  if (addressed) QUADSPI->AR = address;
  for (uint32_t i = 0; i < count;) {
    const uint32_t most = count - i < sizeof(uint32_t) ? 1u : (uint32_t)sizeof(uint32_t);
    if (!wait_for_bytes(most)) {
      finish();
      return false;
    }
    if (most == 1u) {
      bytes[i] = *(volatile uint8_t *)&QUADSPI->DR;
    } else {
      const uint32_t word = QUADSPI->DR;
      memcpy(bytes + i, &word, sizeof word);
    }
    i += most;
  }
  return finish();
}

static bool read_chip(uint32_t address, uint32_t count) {
  const uint32_t settings = ONE_LINE_ADDRESS | FAST_READ_CLOCKS << QUADSPI_CCR_DCYC_Pos | CHIP_FAST_READ;
  return receive(settings, true, address, copy + address, count);
}

static bool chip_busy(void) {
  uint8_t status = STATUS_BUSY;
  return !receive(CHIP_READ_STATUS, false, 0, &status, 1) || (status & STATUS_BUSY) != 0;
}

/* When the chip is done, what it has made of it is read back. */
static bool busy(void) {
  if (working_bytes == 0) return false;
  if (chip_busy()) return true;
  read_chip(working_at, working_bytes);
  working_bytes = 0;
  return false;
}

static void erase(uint32_t sector) {
  if (working_bytes > 0 || sector >= CHIP_BYTES / GRIT_FLASH_SECTOR_BYTES) return;
  working_at = sector * GRIT_FLASH_SECTOR_BYTES;
  working_bytes = GRIT_FLASH_SECTOR_BYTES;
  if (!command(CHIP_WRITE_ENABLE)) return;
  QUADSPI->CCR = ONE_LINE_INSTRUCTION | ONE_LINE_ADDRESS | CHIP_SECTOR_ERASE;
  QUADSPI->AR = working_at;
  finish();
}

static void program(uint32_t address, const uint8_t *bytes, size_t count) {
  if (working_bytes > 0 || count == 0 || count > GRIT_FLASH_PAGE_BYTES || address > CHIP_BYTES - count) return;
  working_at = address;
  working_bytes = (uint32_t)count;
  if (!command(CHIP_WRITE_ENABLE)) return;
  QUADSPI->DLR = (uint32_t)count - 1u;
  QUADSPI->CCR = ONE_LINE_INSTRUCTION | ONE_LINE_ADDRESS | ONE_LINE_DATA | CHIP_PAGE_PROGRAM;
  QUADSPI->AR = address;
  for (size_t i = 0; i < count; i++) {
    if (!wait_for(QUADSPI_SR_FTF, QUADSPI_SR_FTF)) break;
    *(volatile uint8_t *)&QUADSPI->DR = bytes[i];
  }
  finish();
}

static void set_pins(GPIO_TypeDef *port, uint32_t pins, uint32_t function) {
  GPIO_InitTypeDef pin = {.Pin = pins,
                          .Mode = GPIO_MODE_AF_PP,
                          .Pull = GPIO_NOPULL,
                          .Speed = GPIO_SPEED_FREQ_VERY_HIGH,
                          .Alternate = function};
  HAL_GPIO_Init(port, &pin);
}

/* The same on the Seed and on the Patch SM. */
static void start_controller(void) {
  __HAL_RCC_GPIOF_CLK_ENABLE();
  __HAL_RCC_GPIOG_CLK_ENABLE();
  __HAL_RCC_QSPI_CLK_ENABLE();
  __HAL_RCC_QSPI_FORCE_RESET();
  __HAL_RCC_QSPI_RELEASE_RESET();
  set_pins(GPIOF, GPIO_PIN_6 | GPIO_PIN_7 | GPIO_PIN_10, GPIO_AF9_QUADSPI);
  set_pins(GPIOF, GPIO_PIN_8 | GPIO_PIN_9, GPIO_AF10_QUADSPI);
  set_pins(GPIOG, GPIO_PIN_6, GPIO_AF10_QUADSPI);
  QUADSPI->DCR = (LOG2_CHIP_BYTES - 1u) << QUADSPI_DCR_FSIZE_Pos | 1u << QUADSPI_DCR_CSHT_Pos;
  QUADSPI->CR = PRESCALER << QUADSPI_CR_PRESCALER_Pos | QUADSPI_CR_SSHIFT | QUADSPI_CR_EN;
}

static const grit_flash_t flash = {
    .memory = copy,
    .sectors = CHIP_BYTES / GRIT_FLASH_SECTOR_BYTES,
    .erase = erase,
    .program = program,
    .busy = busy,
};

const grit_flash_t *daisy_flash_start(void) {
  start_controller();
  bool answers = command(CHIP_RESET_ENABLE) && command(CHIP_RESET);
  HAL_Delay(1); /* 100 us after a reset; an erasure that was cut off goes on longer, and reads as busy */
  uint8_t id[3] = {0};
  answers = answers && receive(CHIP_READ_ID, false, 0, id, sizeof id);
  if (!answers || (id[0] | (uint32_t)id[1] << 8) != ID_ISSI_LP || id[2] != LOG2_CHIP_BYTES) return NULL;
  for (uint32_t at = 0; at < CHIP_BYTES; at += GRIT_FLASH_SECTOR_BYTES) {
    if (!read_chip(at, GRIT_FLASH_SECTOR_BYTES)) return NULL;
  }
  return &flash;
}
