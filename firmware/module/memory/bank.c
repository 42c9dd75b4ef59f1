#include "memory/bank.h"

#include <string.h>

#include "engine.h"
#include "wire/crc32.h"

#define MAGIC 0x4B4E4247u        /* "GBNK" */
#define COMMIT_MAGIC 0x444F4F47u /* "GOOD" */
#define COMMIT_AT GRIT_FLASH_PAGE_BYTES
#define PROGRESS_AT (2u * GRIT_FLASH_PAGE_BYTES)
#define MAX_TRIES 3u
#define READ_BYTES 1024u /* at a time, of models that were there at power-up */

typedef struct {
  uint32_t magic;
  uint32_t bytes;
  uint8_t sha256[32];
  uint32_t crc; /* of the fields before it */
} head_t;

typedef struct {
  uint32_t magic;
  uint32_t head_crc;
} commit_t;

_Static_assert(sizeof(head_t) <= sizeof(((grit_bank_t *)0)->page), "a head fits into the page buffer");
_Static_assert(GRIT_BANK_MAX_SLOTS <= 64, "a bit of `held` each");

static uint32_t head_address(const grit_bank_t *bank, uint32_t slot) {
  return (bank->first_sector + slot * GRIT_BANK_SLOT_SECTORS) * GRIT_FLASH_SECTOR_BYTES;
}

static uint32_t data_address(const grit_bank_t *bank, uint32_t slot) {
  return head_address(bank, slot) + GRIT_FLASH_SECTOR_BYTES;
}

static bool read_head(const grit_bank_t *bank, uint32_t slot, head_t *head) {
  memcpy(head, bank->flash->memory + head_address(bank, slot), sizeof *head);
  return head->magic == MAGIC && head->crc == grit_crc32(0, head, offsetof(head_t, crc)) && head->bytes > 0 &&
         head->bytes <= GRIT_BANK_MODEL_BYTES;
}

static bool committed(const grit_bank_t *bank, uint32_t slot, const head_t *head) {
  commit_t commit;
  memcpy(&commit, bank->flash->memory + head_address(bank, slot) + COMMIT_AT, sizeof commit);
  return commit.magic == COMMIT_MAGIC && commit.head_crc == head->crc;
}

/* Bytes in whole sectors, as the head sector remembers. */
static uint32_t kept_bytes(const grit_bank_t *bank, uint32_t slot, uint32_t bytes) {
  const uint8_t *progress = bank->flash->memory + head_address(bank, slot) + PROGRESS_AT;
  uint32_t kept = 0;
  for (uint32_t i = 0; kept < bytes && progress[i] == 0; i++) kept += GRIT_FLASH_SECTOR_BYTES;
  return kept < bytes ? kept : bytes;
}

void grit_bank_open(grit_bank_t *bank, const grit_flash_t *flash, uint32_t first_sector, uint32_t sectors,
                    const grit_engine_need_t *room) {
  memset(bank, 0, sizeof *bank);
  bank->room = *room;
  if (flash == NULL) return;
  bank->flash = flash;
  bank->first_sector = first_sector;
  bank->slots = sectors / GRIT_BANK_SLOT_SECTORS;
  if (bank->slots > GRIT_BANK_MAX_SLOTS) bank->slots = GRIT_BANK_MAX_SLOTS;
  for (uint32_t slot = 0; slot < bank->slots; slot++) {
    head_t head;
    if (!read_head(bank, slot, &head)) continue;
    bank->states[slot] = committed(bank, slot, &head) ? GRIT_BANK_CHECKING : GRIT_BANK_RECEIVING;
  }
  bank->reading = bank->slots;
}

uint32_t grit_bank_count(const grit_bank_t *bank) {
  return bank->slots;
}

static bool worked_on(const grit_bank_t *bank, uint32_t slot) {
  return bank->at != GRIT_BANK_AT_REST && bank->slot == slot;
}

bool grit_bank_entry(const grit_bank_t *bank, uint32_t slot, grit_bank_entry_t *entry) {
  memset(entry, 0, sizeof *entry);
  entry->name = "";
  if (slot >= bank->slots) return false;
  entry->state = (grit_bank_state_t)bank->states[slot];
  entry->reason = (grit_bank_reason_t)bank->reasons[slot];
  entry->status = (grit_status_t)bank->statuses[slot];
  head_t head;
  if (entry->state == GRIT_BANK_EMPTY) return true;
  if (entry->state == GRIT_BANK_REFUSED) { /* what has rotted is still called what it was */
    if (worked_on(bank, slot) || !read_head(bank, slot, &head)) return true;
    entry->bytes = head.bytes;
    memcpy(entry->sha256, head.sha256, sizeof entry->sha256);
    return true;
  }
  if (worked_on(bank, slot)) {
    entry->bytes = bank->bytes;
    entry->received = bank->received;
    memcpy(entry->sha256, bank->sha256, sizeof entry->sha256);
  } else if (read_head(bank, slot, &head)) {
    entry->bytes = head.bytes;
    entry->received = entry->state == GRIT_BANK_RECEIVING ? kept_bytes(bank, slot, head.bytes) : head.bytes;
    memcpy(entry->sha256, head.sha256, sizeof entry->sha256);
  }
  if (entry->state == GRIT_BANK_GOOD) {
    const uint8_t *model = bank->flash->memory + data_address(bank, slot);
    entry->name = (const char *)model + offsetof(grit_header_t, name); /* the check has seen its zero */
  }
  return true;
}

bool grit_bank_known(const grit_bank_entry_t *entry) {
  return entry->bytes > 0 && (entry->state == GRIT_BANK_GOOD || entry->state == GRIT_BANK_CHECKING);
}

/* The verdict on a slot that was read. */
static void judge(grit_bank_t *bank, uint32_t slot, bool good) {
  bank->states[slot] = good ? GRIT_BANK_GOOD : GRIT_BANK_REFUSED;
  bank->reasons[slot] = good ? GRIT_BANK_REASON_NONE : GRIT_BANK_REASON_FLASH;
  bank->statuses[slot] = GRIT_OK;
  if (bank->reading == slot) bank->reading = bank->slots;
}

/* All of it at once; whether it is what it was. */
static bool read_again(grit_bank_t *bank, uint32_t slot) {
  head_t head;
  bool good = read_head(bank, slot, &head) && committed(bank, slot, &head);
  if (good) {
    uint8_t sha256[32];
    grit_sha256(bank->flash->memory + data_address(bank, slot), head.bytes, sha256);
    good = memcmp(sha256, head.sha256, sizeof sha256) == 0;
  }
  judge(bank, slot, good);
  return good;
}

const void *grit_bank_model(grit_bank_t *bank, uint32_t slot, size_t *bytes) {
  head_t head;
  if (slot >= bank->slots || worked_on(bank, slot)) return NULL;
  if (bank->states[slot] == GRIT_BANK_CHECKING) read_again(bank, slot);
  if (bank->states[slot] != GRIT_BANK_GOOD || !read_head(bank, slot, &head)) return NULL;
  *bytes = head.bytes;
  return bank->flash->memory + data_address(bank, slot);
}

static bool can_be_left(const grit_bank_t *bank) {
  return bank->at == GRIT_BANK_AT_REST || bank->at == GRIT_BANK_AT_FILL;
}

static void set_state(grit_bank_t *bank, grit_bank_state_t state, grit_bank_reason_t reason, grit_status_t status) {
  bank->states[bank->slot] = (uint8_t)state;
  bank->reasons[bank->slot] = (uint8_t)reason;
  bank->statuses[bank->slot] = (uint8_t)status;
}

grit_bank_result_t grit_bank_begin(grit_bank_t *bank, uint32_t slot, uint32_t bytes, const uint8_t sha256[32]) {
  if (slot >= bank->slots) return GRIT_BANK_NO_SLOT;
  if (bytes == 0 || bytes > GRIT_BANK_MODEL_BYTES) return GRIT_BANK_TOO_LARGE;
  grit_bank_entry_t entry;
  grit_bank_entry(bank, slot, &entry);
  bool same = entry.bytes == bytes && memcmp(entry.sha256, sha256, sizeof entry.sha256) == 0;
  if (same && worked_on(bank, slot)) return GRIT_BANK_DONE;
  if (same && grit_bank_known(&entry)) { /* it may have rotted since: what is called good has just been read */
    if (!can_be_left(bank) || bank->flash->busy()) return GRIT_BANK_WAIT;
    if (read_again(bank, slot)) return GRIT_BANK_DONE;
  }
  same = same && bank->states[slot] == GRIT_BANK_RECEIVING;
  if (!can_be_left(bank)) return GRIT_BANK_WAIT;
  if (bank->held >> slot & 1u) return GRIT_BANK_IN_USE;
  bank->slot = slot;
  bank->bytes = bytes;
  bank->tries = 0;
  bank->restarts = 0;
  bank->written = 0;
  if (bank->reading == slot) bank->reading = bank->slots;
  memcpy(bank->sha256, sha256, sizeof bank->sha256);
  bank->received = same ? entry.received : 0;
  set_state(bank, GRIT_BANK_RECEIVING, GRIT_BANK_REASON_NONE, GRIT_OK);
  bank->at = !same ? GRIT_BANK_AT_HEAD_ERASE : bank->received < bytes ? GRIT_BANK_AT_SECTOR_ERASE : GRIT_BANK_AT_CHECK;
  return GRIT_BANK_DONE;
}

grit_bank_result_t grit_bank_put(grit_bank_t *bank, uint32_t slot, uint32_t offset, const uint8_t *data, size_t count) {
  if (slot >= bank->slots) return GRIT_BANK_NO_SLOT;
  if (!worked_on(bank, slot) || bank->states[slot] == GRIT_BANK_EMPTY) {
    return bank->states[slot] == GRIT_BANK_GOOD ? GRIT_BANK_DONE : GRIT_BANK_NO_UPLOAD; /* the last one, repeated */
  }
  if (count > GRIT_FLASH_SECTOR_BYTES || offset > bank->bytes || count > bank->bytes - offset) return GRIT_BANK_PLACE;
  if (offset + count <= bank->received) return GRIT_BANK_DONE;
  if (offset != bank->received) return GRIT_BANK_PLACE;
  if (bank->at != GRIT_BANK_AT_FILL) return GRIT_BANK_WAIT;
  uint32_t filled = bank->received % GRIT_FLASH_SECTOR_BYTES;
  if (count > GRIT_FLASH_SECTOR_BYTES - filled) return GRIT_BANK_PLACE;
  memcpy(bank->sector + filled, data, count);
  bank->received += (uint32_t)count;
  if (bank->received % GRIT_FLASH_SECTOR_BYTES == 0 || bank->received == bank->bytes) {
    bank->at = GRIT_BANK_AT_SECTOR_PROGRAM;
  }
  return GRIT_BANK_DONE;
}

grit_bank_result_t grit_bank_delete(grit_bank_t *bank, uint32_t slot) {
  if (slot >= bank->slots) return GRIT_BANK_NO_SLOT;
  if (bank->held >> slot & 1u) return GRIT_BANK_IN_USE;
  bool going = worked_on(bank, slot) && bank->at >= GRIT_BANK_AT_DELETE_MARK;
  if (going || (bank->states[slot] == GRIT_BANK_EMPTY && !worked_on(bank, slot))) return GRIT_BANK_DONE;
  if (!can_be_left(bank)) return GRIT_BANK_WAIT;
  bank->slot = slot;
  if (bank->reading == slot) bank->reading = bank->slots;
  set_state(bank, GRIT_BANK_EMPTY, GRIT_BANK_REASON_NONE, GRIT_OK);
  bank->at = GRIT_BANK_AT_DELETE_MARK;
  return GRIT_BANK_DONE;
}

/* The data sector that `received` has come to the end of: where it begins in the model, and its bytes. */
static uint32_t sector_start(const grit_bank_t *bank) {
  return (bank->received - 1u) / GRIT_FLASH_SECTOR_BYTES * GRIT_FLASH_SECTOR_BYTES;
}

static void program_page(grit_bank_t *bank, uint32_t address, const void *bytes, size_t count) {
  memcpy(bank->page, bytes, count);
  bank->flash->program(address, bank->page, count);
}

static void program_head(grit_bank_t *bank) {
  head_t head = {.magic = MAGIC, .bytes = bank->bytes};
  memcpy(head.sha256, bank->sha256, sizeof head.sha256);
  head.crc = grit_crc32(0, &head, offsetof(head_t, crc));
  program_page(bank, head_address(bank, bank->slot), &head, sizeof head);
}

/* A page of the sector; false if all of it is written. */
static bool program_data(grit_bank_t *bank) {
  uint32_t start = sector_start(bank), count = bank->received - start - bank->written;
  if (count == 0) return false;
  if (count > GRIT_FLASH_PAGE_BYTES) count = GRIT_FLASH_PAGE_BYTES;
  uint32_t address = data_address(bank, bank->slot) + start + bank->written;
  bank->flash->program(address, bank->sector + bank->written, count);
  bank->written += count;
  return true;
}

static void refuse(grit_bank_t *bank, grit_bank_reason_t reason, grit_status_t status) {
  set_state(bank, GRIT_BANK_REFUSED, reason, status);
  bank->at = GRIT_BANK_AT_DELETE_MARK;
}

/* The flash does not hold what it was told, where only erasing helps: all of it again, or no more of it. */
static void start_again(grit_bank_t *bank) {
  if (++bank->restarts >= MAX_TRIES) {
    refuse(bank, GRIT_BANK_REASON_FLASH, GRIT_OK);
    return;
  }
  set_state(bank, GRIT_BANK_RECEIVING, GRIT_BANK_REASON_NONE, GRIT_OK);
  bank->received = 0;
  bank->at = GRIT_BANK_AT_HEAD_ERASE;
}

static void verify_sector(grit_bank_t *bank) {
  uint32_t start = sector_start(bank);
  const uint8_t *there = bank->flash->memory + data_address(bank, bank->slot) + start;
  bool good = memcmp(there, bank->sector, bank->received - start) == 0;
  bank->written = 0;
  if (good) {
    static const uint8_t done = 0;
    program_page(bank, head_address(bank, bank->slot) + PROGRESS_AT + start / GRIT_FLASH_SECTOR_BYTES, &done, 1);
    bank->tries = 0;
    bank->at = bank->received < bank->bytes ? GRIT_BANK_AT_SECTOR_ERASE : GRIT_BANK_AT_CHECK;
  } else if (++bank->tries < MAX_TRIES) {
    bank->received = start; /* the laptop sends it again */
    bank->at = GRIT_BANK_AT_SECTOR_ERASE;
  } else {
    refuse(bank, GRIT_BANK_REASON_FLASH, GRIT_OK);
  }
}

static void check(grit_bank_t *bank) {
  const uint8_t *blob = bank->flash->memory + data_address(bank, bank->slot);
  uint8_t sha256[32];
  grit_sha256(blob, bank->bytes, sha256);
  if (memcmp(sha256, bank->sha256, sizeof sha256) != 0) {
    refuse(bank, GRIT_BANK_REASON_SHA256, GRIT_OK);
    return;
  }
  grit_model_t model;
  grit_status_t status = grit_model_open(&model, blob, bank->bytes);
  if (status != GRIT_OK) {
    refuse(bank, GRIT_BANK_REASON_MODEL, status);
    return;
  }
  if (grit_engine_need(&model, bank->room.fast).slow > bank->room.slow) {
    refuse(bank, GRIT_BANK_REASON_MEMORY, GRIT_OK);
    return;
  }
  head_t head;
  bool there = read_head(bank, bank->slot, &head);
  commit_t commit = {.magic = COMMIT_MAGIC, .head_crc = head.crc};
  if (!there) {
    start_again(bank);
    return;
  }
  program_page(bank, head_address(bank, bank->slot) + COMMIT_AT, &commit, sizeof commit);
  bank->at = GRIT_BANK_AT_COMMIT_VERIFY;
}

static void verify_commit(grit_bank_t *bank) {
  head_t head;
  if (read_head(bank, bank->slot, &head) && committed(bank, bank->slot, &head)) {
    set_state(bank, GRIT_BANK_GOOD, GRIT_BANK_REASON_NONE, GRIT_OK);
    bank->at = GRIT_BANK_AT_REST;
  } else {
    start_again(bank);
  }
}

/* Some more of the models that were there at power-up; false when all have been read. */
static bool read_on(grit_bank_t *bank) {
  uint32_t slot = bank->reading;
  if (slot >= bank->slots) {
    for (slot = 0; slot < bank->slots && bank->states[slot] != GRIT_BANK_CHECKING; slot++) {
    }
    if (slot == bank->slots) return false;
    bank->reading = slot;
    bank->read = 0;
    grit_sha256_begin(&bank->read_sha);
  }
  head_t head;
  if (!read_head(bank, slot, &head) || !committed(bank, slot, &head)) {
    judge(bank, slot, false);
    return true;
  }
  const uint8_t *at = bank->flash->memory + data_address(bank, slot) + bank->read;
  if (head.bytes - bank->read > READ_BYTES) {
    grit_sha256_add(&bank->read_sha, at, READ_BYTES);
    bank->read += READ_BYTES;
    return true;
  }
  uint8_t sha256[32];
  grit_sha256_end(&bank->read_sha, at, head.bytes - bank->read, sha256);
  judge(bank, slot, memcmp(sha256, head.sha256, sizeof sha256) == 0);
  return true;
}

bool grit_bank_step(grit_bank_t *bank) {
  if (bank->at == GRIT_BANK_AT_REST) return bank->flash != NULL && !bank->flash->busy() && read_on(bank);
  if (bank->at == GRIT_BANK_AT_FILL) return false;
  if (bank->flash->busy()) return true;
  switch (bank->at) {
    case GRIT_BANK_AT_REST:
    case GRIT_BANK_AT_FILL:
      break;
    case GRIT_BANK_AT_HEAD_ERASE:
      bank->flash->erase(head_address(bank, bank->slot) / GRIT_FLASH_SECTOR_BYTES);
      bank->at = GRIT_BANK_AT_HEAD_PROGRAM;
      break;
    case GRIT_BANK_AT_HEAD_PROGRAM:
      program_head(bank);
      bank->at = GRIT_BANK_AT_SECTOR_ERASE;
      break;
    case GRIT_BANK_AT_SECTOR_ERASE: /* while it is erased the laptop may fill the buffer */
      bank->flash->erase((data_address(bank, bank->slot) + bank->received) / GRIT_FLASH_SECTOR_BYTES);
      bank->at = GRIT_BANK_AT_FILL;
      break;
    case GRIT_BANK_AT_SECTOR_PROGRAM:
      if (!program_data(bank)) bank->at = GRIT_BANK_AT_SECTOR_VERIFY;
      break;
    case GRIT_BANK_AT_SECTOR_VERIFY:
      verify_sector(bank);
      break;
    case GRIT_BANK_AT_CHECK:
      bank->states[bank->slot] = GRIT_BANK_CHECKING;
      check(bank);
      break;
    case GRIT_BANK_AT_COMMIT_VERIFY:
      verify_commit(bank);
      break;
    case GRIT_BANK_AT_DELETE_MARK: { /* not by the erasure, which could leave a head without its sectors' story */
      static const uint32_t nothing = 0;
      program_page(bank, head_address(bank, bank->slot), &nothing, sizeof nothing);
      bank->at = GRIT_BANK_AT_DELETE_ERASE;
      break;
    }
    case GRIT_BANK_AT_DELETE_ERASE:
      bank->flash->erase(head_address(bank, bank->slot) / GRIT_FLASH_SECTOR_BYTES);
      bank->at = GRIT_BANK_AT_REST;
      break;
  }
  return bank->at != GRIT_BANK_AT_REST && bank->at != GRIT_BANK_AT_FILL;
}
