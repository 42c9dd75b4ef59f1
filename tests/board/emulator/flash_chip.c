/* The IS25LP064A, 8 MB: one line, what its data sheet says of erasing (70 ms a sector) and programming (0.2 ms a page),
 * and power that goes in the middle of either: a sector half erased, a page half written. */
#include <stdlib.h>
#include <string.h>

#include "board.h"

#define CHIP_BYTES (8u << 20)
#define SECTOR 4096u
#define PAGE 256u
#define ERASE_SECONDS 0.070
#define PROGRAM_SECONDS 0.0002

enum {
  ENABLE_RESET = 0x66,
  RESET = 0x99,
  WRITE_ENABLE = 0x06,
  READ_ID = 0x9F,
  READ_STATUS = 0x05,
  FAST_READ = 0x0B,
  PROGRAM = 0x02,
  ERASE = 0x20
};

unsigned flash_operations, flash_errors;
bool flash_power_gone;
static uint8_t *chip, page[PAGE];
static uint64_t busy_until;
static bool may_write, reset_armed;
static uint8_t command;
static uint32_t at, given, taken;

static bool busy(void) {
  if (busy_until != 0 && now_ps >= busy_until) {
    busy_until = 0;
    may_write = false;
  }
  return busy_until != 0;
}

static void complain(const char *what) {
  flash_errors++;
  fault("flash chip: %s at %06x", what, at);
}

/* Counts an operation; true if it is to be done whole. */
static bool begins(const char *what) {
  flash_operations++;
  if (!may_write) {
    complain("an operation without write enable");
    return false;
  }
  if (flash_operations != options.cut_operation) return true;
  note("power goes in flash operation %u, %s at %06x", flash_operations, what, at);
  flash_power_gone = true;
  request_end();
  return false;
}

static void erase(void) {
  const uint32_t sector = at & (CHIP_BYTES - SECTOR);
  if (begins("an erasure")) {
    memset(chip + sector, 0xFF, SECTOR);
    busy_until = now_ps + ps_of(ERASE_SECONDS);
  } else if (flash_power_gone) {
    for (uint32_t i = 0; i < SECTOR; i++) {
      if ((i * 2654435761u >> 31) != 0) chip[sector + i] = 0xFF;
    }
  }
}

static void program(void) {
  const bool whole = begins("a page");
  if (!whole && !flash_power_gone) return;
  const uint32_t count = whole ? taken : taken / 2u;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t *byte = &chip[(at & (CHIP_BYTES - PAGE)) | ((at + i) & (PAGE - 1u))];
    if ((page[i] & *byte) != page[i]) {
      flash_errors++;
      fault_once(at + i, "flash chip: a byte that is not erased is programmed at %06x", at + i);
    }
    *byte &= page[i];
  }
  busy_until = now_ps + ps_of(PROGRAM_SECONDS);
}

void flash_chip_command(uint8_t instruction, uint32_t address, uint32_t count) {
  (void)count;
  command = instruction;
  at = address & (CHIP_BYTES - 1u);
  given = taken = 0;
  const bool was_busy = busy();
  if (was_busy && instruction != READ_STATUS && instruction != ENABLE_RESET && instruction != RESET) {
    complain("a command while it is busy");
    return;
  }
  switch (instruction) {
    case ENABLE_RESET:
      reset_armed = true;
      return;
    case RESET:
      if (reset_armed) may_write = false;
      break;
    case WRITE_ENABLE:
      may_write = true;
      break;
    case ERASE:
      erase();
      break;
    case READ_ID:
    case READ_STATUS:
    case FAST_READ:
    case PROGRAM:
      break;
    default:
      complain("an unknown command");
  }
  reset_armed = false;
}

uint8_t flash_chip_read(void) {
  static const uint8_t id[3] = {0x9D, 0x60, 0x17};
  if (command == READ_STATUS) return (uint8_t)((busy() ? 1u : 0u) | (may_write ? 2u : 0u));
  if (command == READ_ID) return id[given++ % 3u];
  return busy() ? 0 : chip[at++ & (CHIP_BYTES - 1u)];
}

void flash_chip_write(uint8_t byte) {
  if (command == PROGRAM && taken < PAGE) page[taken++] = byte;
}

void flash_chip_end(void) {
  if (command == PROGRAM && taken > 0) program();
  taken = 0;
}

bool flash_chip_open(void) {
  chip = malloc(CHIP_BYTES);
  if (chip == NULL) return false;
  memset(chip, 0xFF, CHIP_BYTES);
  FILE *file = options.flash_file != NULL ? fopen(options.flash_file, "rb") : NULL;
  if (file == NULL) return true;
  const size_t count = fread(chip, 1, CHIP_BYTES, file);
  fclose(file);
  return count > 0;
}

void flash_chip_close(void) {
  FILE *file = options.flash_file != NULL ? fopen(options.flash_file, "wb") : NULL;
  if (file == NULL) return;
  if (fwrite(chip, 1, CHIP_BYTES, file) != CHIP_BYTES) perror(options.flash_file);
  fclose(file);
}
