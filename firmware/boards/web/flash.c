#include "flash.h"

#include <string.h>

#include "exports.h"

/* What it holds, the page may keep for the next time (it counts how often it has changed), or lose. */
static _Alignas(8) uint8_t memory[WEB_FLASH_SECTORS * GRIT_FLASH_SECTOR_BYTES];
static uint32_t changes;

static void erase(uint32_t sector) {
  if (sector >= WEB_FLASH_SECTORS) return;
  memset(memory + (size_t)sector * GRIT_FLASH_SECTOR_BYTES, 0xFF, GRIT_FLASH_SECTOR_BYTES);
  changes++;
}

/* What goes beyond a page's end begins again at its start, as in the real one. */
static void program(uint32_t address, const uint8_t *bytes, size_t count) {
  if (count > GRIT_FLASH_PAGE_BYTES || address >= sizeof memory) return;
  uint8_t *page = memory + address / GRIT_FLASH_PAGE_BYTES * GRIT_FLASH_PAGE_BYTES;
  for (size_t i = 0; i < count; i++) page[(address + i) % GRIT_FLASH_PAGE_BYTES] &= bytes[i];
  changes++;
}

static bool busy(void) {
  return false;
}

const grit_flash_t web_flash = {
    .memory = memory, .sectors = WEB_FLASH_SECTORS, .erase = erase, .program = program, .busy = busy};

void web_flash_start(void) {
  memset(memory, 0xFF, sizeof memory);
}

WEB_EXPORT(const uint8_t *, flash_memory)(void) {
  return memory;
}

WEB_EXPORT(size_t, flash_bytes)(void) {
  return sizeof memory;
}

WEB_EXPORT(uint32_t, flash_changes)(void) {
  return changes;
}
