#include "memory/store.h"

#include <string.h>

#include "wire/crc32.h"

#define MAGIC 0x53545247u /* "GRTS" */
#define HEAD_CHECKED offsetof(grit_store_head_t, head_crc)
#define MAX_TRIES 3u /* sectors in a row that do not take a record */

_Static_assert(sizeof(grit_store_head_t) <= GRIT_STORE_HEAD_BYTES, "the head fits");
_Static_assert(GRIT_STORE_HEAD_BYTES <= GRIT_FLASH_PAGE_BYTES, "the head has the first page for itself");

static uint32_t address_of(const grit_store_t *store, uint32_t sector) {
  return (store->first_sector + sector) * GRIT_FLASH_SECTOR_BYTES;
}

/* The whole record of a sector, or false. */
static bool read_head(const grit_store_t *store, uint32_t sector, grit_store_head_t *head) {
  const uint8_t *at = store->flash->memory + address_of(store, sector);
  memcpy(head, at, sizeof *head);
  return head->magic == MAGIC && head->sequence != 0 && head->head_crc == grit_crc32(0, head, HEAD_CHECKED) &&
         head->payload_bytes <= GRIT_STORE_PAYLOAD_BYTES &&
         head->payload_crc == grit_crc32(0, at + GRIT_FLASH_PAGE_BYTES, head->payload_bytes);
}

size_t grit_store_open(grit_store_t *store, const grit_flash_t *flash, uint32_t first_sector, uint32_t sectors,
                       uint16_t version, void *payload, size_t payload_bytes, uint8_t *copy) {
  memset(store, 0, sizeof *store);
  store->first_sector = first_sector;
  store->sectors = sectors;
  store->version = version;
  store->payload = payload;
  store->payload_bytes = payload_bytes;
  store->copy = copy;
  if (flash == NULL || payload_bytes > GRIT_STORE_PAYLOAD_BYTES || sectors < 2u) return 0;
  store->flash = flash;
  size_t found = 0;
  for (uint32_t sector = 0; sector < sectors; sector++) {
    grit_store_head_t head;
    if (!read_head(store, sector, &head) || head.sequence <= store->sequence) continue;
    /* A record of another version is not read, but its sequence is not used again. */
    store->sequence = head.sequence;
    store->sector = sector;
    found = 0;
    if (head.version != version) continue;
    found = head.payload_bytes < payload_bytes ? head.payload_bytes : payload_bytes;
  }
  if (found > 0) memcpy(payload, flash->memory + address_of(store, store->sector) + GRIT_FLASH_PAGE_BYTES, found);
  return found;
}

void grit_store_save(grit_store_t *store) {
  store->wanted = store->flash != NULL;
  store->tries = 0;
}

static void begin(grit_store_t *store) {
  store->wanted = false;
  memcpy(store->copy, store->payload, store->payload_bytes);
  store->sector = (store->sector + 1u) % store->sectors;
  store->sequence++;
  store->written = 0;
  store->at = GRIT_STORE_ERASE;
}

static void program_payload(grit_store_t *store) {
  size_t count = store->payload_bytes - store->written;
  if (count > GRIT_FLASH_PAGE_BYTES) count = GRIT_FLASH_PAGE_BYTES;
  uint32_t address = address_of(store, store->sector) + GRIT_FLASH_PAGE_BYTES + (uint32_t)store->written;
  store->flash->program(address, store->copy + store->written, count);
  store->written += count;
}

static void program_head(grit_store_t *store) {
  grit_store_head_t head = {.magic = MAGIC,
                            .version = store->version,
                            .sequence = store->sequence,
                            .payload_bytes = (uint32_t)store->payload_bytes,
                            .payload_crc = grit_crc32(0, store->copy, store->payload_bytes)};
  head.head_crc = grit_crc32(0, &head, HEAD_CHECKED);
  memcpy(store->page, &head, sizeof head);
  store->flash->program(address_of(store, store->sector), store->page, sizeof head);
}

static void verify(grit_store_t *store) {
  grit_store_head_t head;
  bool good = read_head(store, store->sector, &head) && head.sequence == store->sequence;
  store->at = GRIT_STORE_IDLE;
  if (good) return;
  store->failed++;
  store->wanted = ++store->tries < MAX_TRIES; /* a worn sector: the next one */
}

bool grit_store_step(grit_store_t *store) {
  if (store->at == GRIT_STORE_IDLE && !store->wanted) return false;
  if (store->flash->busy()) return true;
  switch (store->at) {
    case GRIT_STORE_IDLE:
      begin(store);
      break;
    case GRIT_STORE_ERASE:
      store->flash->erase(store->first_sector + store->sector);
      store->at = GRIT_STORE_PAYLOAD;
      break;
    case GRIT_STORE_PAYLOAD:
      if (store->written < store->payload_bytes) {
        program_payload(store);
      } else {
        program_head(store);
        store->at = GRIT_STORE_VERIFY;
      }
      break;
    case GRIT_STORE_VERIFY:
      verify(store);
      break;
  }
  return store->at != GRIT_STORE_IDLE || store->wanted;
}
