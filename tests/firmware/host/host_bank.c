/* The model bank on the flash of host_flash.c, for Python. */
#include <string.h>

#include "host_flash.h"
#include "memory/bank.h"

static grit_bank_t bank;

typedef struct {
  uint32_t bytes, received, state, reason, status;
  uint8_t sha256[32];
  char name[32];
} host_entry_t;

void host_bank_open(uint32_t first, uint32_t sectors, size_t state_limit);
uint32_t host_bank_count(void);
int host_bank_begin(uint32_t slot, uint32_t bytes, const uint8_t *sha256);
int host_bank_put(uint32_t slot, uint32_t offset, const uint8_t *data, size_t count);
int host_bank_delete(uint32_t slot);
void host_bank_run(void);
int host_bank_step(void);
int host_bank_entry(uint32_t slot, host_entry_t *entry);
const void *host_bank_model(uint32_t slot, size_t *bytes);
void host_bank_hold(uint64_t held);

void host_bank_open(uint32_t first, uint32_t sectors, size_t state_limit) {
  const grit_engine_need_t room = {state_limit, 0};
  grit_bank_open(&bank, &host_flash, first, sectors, &room);
}
uint32_t host_bank_count(void) {
  return grit_bank_count(&bank);
}
int host_bank_begin(uint32_t slot, uint32_t bytes, const uint8_t *sha256) {
  return (int)grit_bank_begin(&bank, slot, bytes, sha256);
}
int host_bank_put(uint32_t slot, uint32_t offset, const uint8_t *data, size_t count) {
  return (int)grit_bank_put(&bank, slot, offset, data, count);
}
int host_bank_delete(uint32_t slot) {
  return (int)grit_bank_delete(&bank, slot);
}
/* Until there is nothing to do, the power has failed, or it has had plenty of time. */
void host_bank_run(void) {
  for (uint32_t i = 0; i < 1000000u && grit_bank_step(&bank) && !host_flash_dead(); i++) {
  }
  while (!host_flash_dead() && host_flash.busy()) {
  }
}
int host_bank_step(void) {
  return grit_bank_step(&bank);
}
int host_bank_entry(uint32_t slot, host_entry_t *entry) {
  grit_bank_entry_t found;
  int there = grit_bank_entry(&bank, slot, &found);
  memset(entry, 0, sizeof *entry);
  entry->bytes = found.bytes;
  entry->received = found.received;
  entry->state = (uint32_t)found.state;
  entry->reason = (uint32_t)found.reason;
  entry->status = (uint32_t)found.status;
  memcpy(entry->sha256, found.sha256, sizeof entry->sha256);
  strncpy(entry->name, found.name, sizeof entry->name - 1);
  return there;
}
const void *host_bank_model(uint32_t slot, size_t *bytes) {
  return grit_bank_model(&bank, slot, bytes);
}
void host_bank_hold(uint64_t held) {
  bank.held = held;
}
