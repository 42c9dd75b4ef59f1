/* A flash chip on this computer whose power can fail: after a given number of small steps it stops in the middle of
 * what it does, and leaves what it was working on in disorder. It can be a bad chip too: see host_flash_faults. */
#include "host_flash.h"

#include <stdlib.h>
#include <string.h>

#define PROGRAM_STEP 16u /* bytes */
#define ERASE_STEP 512u

enum { NOTHING, ERASING, PROGRAMMING };

static _Alignas(8) uint8_t memory[HOST_FLASH_SECTORS * GRIT_FLASH_SECTOR_BYTES];
static uint32_t erases[HOST_FLASH_SECTORS];
static int doing;
static uint32_t address, left;
static const uint8_t *source;
static int64_t power; /* steps left; below 0: for ever */
static uint32_t disorder = 1;
static uint64_t steps;

static uint32_t modes, fails_in, wears_after;
static bool fails; /* the operation under way */

static uint8_t any_bits(void) {
  disorder = disorder * 1664525u + 1013904223u;
  return (uint8_t)(disorder >> 24);
}

static uint32_t any_number(uint32_t below) {
  const uint32_t high = any_bits();
  return (high << 8 | any_bits()) % below;
}

/* Whether the operation that begins does nothing, or only some of it. */
static bool goes_wrong(void) {
  return fails_in > 0 && any_number(fails_in) == 0;
}

static bool worn(uint32_t sector) {
  return wears_after > 0 && erases[sector] > wears_after;
}

static void complain(void) {
  abort(); /* the code under test broke the flash's rules */
}

static void erase(uint32_t sector) {
  if (doing != NOTHING || sector >= HOST_FLASH_SECTORS) complain();
  doing = ERASING;
  address = sector * GRIT_FLASH_SECTOR_BYTES;
  left = GRIT_FLASH_SECTOR_BYTES;
  fails = goes_wrong();
  if (power != 0) erases[sector]++;
}

static void program(uint32_t at, const uint8_t *bytes, size_t count) {
  if (doing != NOTHING || count == 0 || at + count > sizeof memory) complain();
  if (at / GRIT_FLASH_PAGE_BYTES != (at + count - 1) / GRIT_FLASH_PAGE_BYTES) complain();
  doing = PROGRAMMING;
  address = at;
  left = (uint32_t)count;
  source = bytes;
  fails = goes_wrong();
}

/* Power fails: all that the operation was to change, in any order, is neither what it was nor what it should be. */
static void leave_disorder(void) {
  if (doing == ERASING) {
    uint8_t *sector = &memory[(address - 1u) / GRIT_FLASH_SECTOR_BYTES * GRIT_FLASH_SECTOR_BYTES];
    for (uint32_t i = 0; i < GRIT_FLASH_SECTOR_BYTES; i++) sector[i] |= (uint8_t)(any_bits() & any_bits());
  } else {
    for (uint32_t i = 0; i < left; i++) memory[address + i] &= (uint8_t)(source[i] | any_bits());
  }
}

/* A worn sector holds some of its bits at 0. */
static void wear_out(void) {
  uint8_t *sector = &memory[(address - 1u) / GRIT_FLASH_SECTOR_BYTES * GRIT_FLASH_SECTOR_BYTES];
  for (uint32_t i = 0; i < 40u; i++) sector[any_number(GRIT_FLASH_SECTOR_BYTES)] &= any_bits();
}

/* One step of the operation under way; the one in which the power fails does only some of its bits. */
static bool busy(void) {
  if (doing == NOTHING) return false;
  if (power == 0) return true;
  if (power > 0) power--;
  steps++;
  bool torn = power == 0;
  const bool backwards = doing == ERASING && (modes & HOST_FLASH_BACKWARDS) != 0;
  uint32_t count = backwards ? 128u : doing == ERASING ? ERASE_STEP : PROGRAM_STEP;
  if (count > left) count = left;
  if (fails && any_number(2) == 0) count = 0, left = 0; /* no more of it is done */
  const uint32_t from = backwards ? address + 2u * left - count - GRIT_FLASH_SECTOR_BYTES : address;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t *cell = &memory[from + i];
    uint8_t some = torn ? any_bits() : 0xFF;
    if (doing == ERASING) {
      *cell |= some;
    } else {
      *cell &= (uint8_t)(source[i] | (uint8_t)~some);
    }
  }
  address += count;
  left -= count;
  if (doing == PROGRAMMING) source += count;
  if (torn && (modes & HOST_FLASH_UNORDERED) != 0) leave_disorder();
  if (left == 0 && doing == ERASING && worn((address - 1u) / GRIT_FLASH_SECTOR_BYTES)) wear_out();
  if (left == 0) doing = NOTHING;
  return doing != NOTHING || power == 0;
}

const grit_flash_t host_flash = {
    .memory = memory, .sectors = HOST_FLASH_SECTORS, .erase = erase, .program = program, .busy = busy};

uint8_t *host_flash_memory(void) {
  return memory;
}
size_t host_flash_bytes(void) {
  return sizeof memory;
}
const uint32_t *host_flash_erases(void) {
  return erases;
}
uint64_t host_flash_steps(void) {
  return steps;
}
void host_flash_power(int64_t for_steps, uint32_t seed) {
  power = for_steps;
  disorder = seed;
  doing = NOTHING;
  steps = 0;
}
void host_flash_faults(uint32_t which, uint32_t one_in, uint32_t after_erases) {
  modes = which;
  fails_in = one_in;
  wears_after = after_erases;
  fails = false;
}
void host_flash_new(void) {
  memset(memory, 0xFF, sizeof memory);
  memset(erases, 0, sizeof erases);
  host_flash_faults(0, 0, 0);
}
bool host_flash_dead(void) {
  return power == 0;
}
