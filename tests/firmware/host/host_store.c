/* The store on the flash of host_flash.c, for Python. */
#include "host_flash.h"
#include "memory/settings.h"
#include "memory/store.h"

static grit_store_t store;
static uint8_t copy[GRIT_STORE_PAYLOAD_BYTES];

size_t host_store_open(uint32_t first, uint32_t sectors, uint16_t version, uint8_t *payload, size_t bytes);
void host_store_save(void);
int host_store_step(void);
void host_store_run(void);
uint32_t host_store_failed(void);
size_t host_settings_bytes(void);
void host_settings_start(grit_settings_t *settings);
int host_settings_check(grit_settings_t *settings);

size_t host_store_open(uint32_t first, uint32_t sectors, uint16_t version, uint8_t *payload, size_t bytes) {
  return grit_store_open(&store, &host_flash, first, sectors, version, payload, bytes, copy);
}
void host_store_save(void) {
  grit_store_save(&store);
}
int host_store_step(void) {
  return grit_store_step(&store);
}
/* Until there is nothing to do or the power has failed. */
void host_store_run(void) {
  while (grit_store_step(&store) && !host_flash_dead()) {
  }
}
uint32_t host_store_failed(void) {
  return store.failed;
}
size_t host_settings_bytes(void) {
  return sizeof(grit_settings_t);
}
void host_settings_start(grit_settings_t *settings) {
  grit_settings_start(settings);
}
int host_settings_check(grit_settings_t *settings) {
  return grit_settings_check(settings);
}
