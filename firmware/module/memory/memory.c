#include "memory/memory.h"

#include <string.h>

_Static_assert(sizeof(grit_settings_t) <= GRIT_STORE_PAYLOAD_BYTES, "the settings fit into a record");

void grit_memory_open(grit_memory_t *memory, const grit_flash_t *flash, const grit_engine_need_t *room) {
  memset(memory, 0, sizeof *memory);
  if (flash != NULL && flash->sectors <= GRIT_MEMORY_STORE_SECTORS) flash = NULL;
  grit_settings_start(&memory->settings);
  grit_store_open(&memory->store, flash, 0, GRIT_MEMORY_STORE_SECTORS, GRIT_SETTINGS_VERSION, &memory->settings,
                  sizeof memory->settings, memory->copy);
  grit_settings_check(&memory->settings);
  uint32_t rest = flash == NULL ? 0 : flash->sectors - GRIT_MEMORY_STORE_SECTORS;
  grit_bank_open(&memory->bank, flash, GRIT_MEMORY_STORE_SECTORS, rest, room);
}

bool grit_memory_step(grit_memory_t *memory) {
  bool storing = grit_store_step(&memory->store); /* first: settings are small, and more is lost with them */
  bool banking = grit_bank_step(&memory->bank);
  return storing || banking;
}

bool grit_memory_saved(const grit_memory_t *memory) {
  return memory->store.at == GRIT_STORE_IDLE && !memory->store.wanted;
}
