/* The store: the newest of what was saved, through any loss of power.
 *
 * A record takes one sector. Saving goes around a ring of sectors: the one behind the newest record is erased, the
 * record is programmed page by page, its head last. So at any moment all but one of the ring's records are whole, and
 * the wear is spread over the ring. A record counts if its head is whole and its CRC is right; the one with the highest
 * sequence is the newest.
 *
 * Nothing waits: grit_store_step begins at most one operation of the flash and returns. It belongs to the main loop. */
#ifndef GRITSPACE_STORE_H
#define GRITSPACE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/flash_device.h"

#define GRIT_STORE_HEAD_BYTES 32u
#define GRIT_STORE_PAYLOAD_BYTES (GRIT_FLASH_SECTOR_BYTES - GRIT_FLASH_PAGE_BYTES)

typedef struct {
  uint32_t magic;
  uint16_t version; /* of the payload's layout: another is not read */
  uint16_t reserved;
  uint32_t sequence; /* one more than the record's before */
  uint32_t payload_bytes;
  uint32_t payload_crc;
  uint32_t head_crc; /* of the fields before it */
} grit_store_head_t;

typedef enum { GRIT_STORE_IDLE, GRIT_STORE_ERASE, GRIT_STORE_PAYLOAD, GRIT_STORE_VERIFY } grit_store_at_t;

typedef struct {
  const grit_flash_t *flash;
  uint32_t first_sector, sectors; /* the ring, at least two */
  uint16_t version;
  const uint8_t *payload; /* what to save; read again for every record */
  size_t payload_bytes;
  uint8_t *copy; /* as many bytes: what is on its way, so that the payload may change meanwhile */
  grit_store_at_t at;
  uint32_t sequence; /* of the newest record; 0: none */
  uint32_t sector;   /* in the ring: the newest record's, or the one being written */
  size_t written;
  uint8_t page[GRIT_FLASH_PAGE_BYTES];
  bool wanted;     /* save again when this is done */
  uint8_t tries;   /* sectors in a row that did not take this record */
  uint32_t failed; /* records that did not read back as written, since power-up */
} grit_store_t;

/* Looks for the newest record of `version` and copies it to `payload`; returns how many bytes it had for it, 0 without
 * a record. A record that is shorter than the payload leaves the rest as it is, of a longer one the beginning is taken:
 * fields are only ever added at the end, else the version changes.
 * payload, copy: payload_bytes each (at most GRIT_STORE_PAYLOAD_BYTES), and stay. flash NULL: nothing is ever kept. */
size_t grit_store_open(grit_store_t *store, const grit_flash_t *flash, uint32_t first_sector, uint32_t sectors,
                       uint16_t version, void *payload, size_t payload_bytes, uint8_t *copy);

/* The payload as it is at the next step that begins a record is to be saved. May be called at any time. */
void grit_store_save(grit_store_t *store);

/* One small piece. True while there is something left to do. */
bool grit_store_step(grit_store_t *store);

#endif
