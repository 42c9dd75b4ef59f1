/* What outlasts the power: settings and models, side by side in one flash. Belongs to the main loop. */
#ifndef GRITSPACE_MEMORY_H
#define GRITSPACE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory/bank.h"
#include "memory/settings.h"
#include "memory/store.h"

#define GRIT_MEMORY_STORE_SECTORS 16u /* at the flash's beginning; the bank has the rest */

typedef struct {
  grit_settings_t settings;
  grit_store_t store;
  grit_bank_t bank;
  uint8_t copy[sizeof(grit_settings_t)]; /* the store's */
} grit_memory_t;

/* Reads the settings, or takes the factory's. flash NULL: everything works, and is forgotten with the power.
 * room: memory the engine has for a model's state. */
void grit_memory_open(grit_memory_t *memory, const grit_flash_t *flash, const grit_engine_need_t *room);

/* One small piece of what the flash has to do. True while there is more. */
bool grit_memory_step(grit_memory_t *memory);

/* Whether all settings are in flash as they are. */
bool grit_memory_saved(const grit_memory_t *memory);

#endif
