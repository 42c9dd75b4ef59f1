#include "flash.h"

#define MEMORY ((uint8_t *)0x60000000u) /* 16 MiB of PSRAM, of which this is half: as large as a Daisy Seed's flash */
#define SECTORS 2048u
/* About as slow as an IS25LP064A: a sector in 45 ms, a page in less than 1 ms. */
#define ERASED_PER_MS 96u

static volatile uint32_t erase_at, erase_left;
static volatile uint32_t program_at, program_left;
static uint8_t page[GRIT_FLASH_PAGE_BYTES];

static bool busy(void) {
  return erase_left > 0 || program_left > 0;
}

static void erase(uint32_t sector) {
  if (busy() || sector >= SECTORS) return;
  erase_at = sector * GRIT_FLASH_SECTOR_BYTES;
  erase_left = GRIT_FLASH_SECTOR_BYTES;
}

/* What goes beyond a page's end begins again at its start, as in the real one. */
static void program(uint32_t address, const uint8_t *bytes, size_t count) {
  if (busy() || count > sizeof page || address >= SECTORS * GRIT_FLASH_SECTOR_BYTES) return;
  for (size_t i = 0; i < count; i++) page[i] = bytes[i];
  program_at = address;
  program_left = (uint32_t)count;
}

void sim_flash_tick(void) {
  if (erase_left > 0) {
    uint32_t count = ERASED_PER_MS;
    if (erase_left < count) count = erase_left;
    for (uint32_t i = 0; i < count; i++) MEMORY[erase_at + i] = 0xFF;
    erase_at = erase_at + count;
    erase_left = erase_left - count;
  } else if (program_left > 0) {
    uint32_t start = program_at / GRIT_FLASH_PAGE_BYTES * GRIT_FLASH_PAGE_BYTES;
    for (uint32_t i = 0; i < program_left; i++) {
      MEMORY[start + (program_at - start + i) % GRIT_FLASH_PAGE_BYTES] &= page[i];
    }
    program_left = 0;
  }
}

const grit_flash_t sim_flash = {.memory = MEMORY, .sectors = SECTORS, .erase = erase, .program = program, .busy = busy};
