/* The model bank: models in the large flash, brought over the link while the module plays.
 *
 * A slot is a head sector and data sectors. The head's first page says what is to come (bytes, SHA-256), its second
 * that it has come and is good, its third has a byte for every data sector that is written. So an upload that was cut
 * goes on after the last whole sector, and a model can be chosen only once all of it was received, compared with its
 * SHA-256 and checked by the engine; until then, and after any loss of power, the slot is empty, on its way, or good.
 *
 * What was good may rot. So after power-up a slot is "checking" until its model was read again and compared with its
 * SHA-256, a kilobyte at a time or at once when it is to be played; one that has changed is refused, keeps its name and
 * SHA-256, and the same upload writes it anew.
 *
 * Nothing waits: grit_bank_step begins at most one operation of the flash. All of this belongs to the main loop. */
#ifndef GRITSPACE_BANK_H
#define GRITSPACE_BANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/flash_device.h"
#include "base/sha256.h"
#include "engine.h"
#include "model.h"

#define GRIT_BANK_SLOT_SECTORS 32u
#define GRIT_BANK_MODEL_BYTES ((GRIT_BANK_SLOT_SECTORS - 1u) * GRIT_FLASH_SECTOR_BYTES)
#define GRIT_BANK_MAX_SLOTS 48u

typedef enum {
  GRIT_BANK_EMPTY = 0,
  GRIT_BANK_RECEIVING = 1, /* or waiting for the rest */
  GRIT_BANK_CHECKING = 2,  /* all has come, or was there at power-up: it is being read */
  GRIT_BANK_GOOD = 3,
  GRIT_BANK_REFUSED = 4 /* no good: see reason. Thrown away, unless it has rotted: then as it is, for a new upload */
} grit_bank_state_t;

typedef enum {
  GRIT_BANK_DONE = 0,
  GRIT_BANK_WAIT,      /* the flash is at work: ask again */
  GRIT_BANK_NO_SLOT,   /* there is no such slot, or no flash at all */
  GRIT_BANK_TOO_LARGE, /* more bytes than a slot holds, or none */
  GRIT_BANK_IN_USE,    /* the module plays it */
  GRIT_BANK_NO_UPLOAD, /* no upload into that slot was begun */
  GRIT_BANK_PLACE      /* not the bytes that come next; received says which do */
} grit_bank_result_t;

typedef enum {
  GRIT_BANK_REASON_NONE = 0,
  GRIT_BANK_REASON_MODEL = 1,  /* the engine refuses it: status */
  GRIT_BANK_REASON_SHA256 = 2, /* not what was announced */
  GRIT_BANK_REASON_MEMORY = 3, /* needs more memory than the module has */
  GRIT_BANK_REASON_FLASH = 4   /* the flash does not hold it */
} grit_bank_reason_t;

typedef struct {
  uint32_t bytes;    /* of the model, whole; 0: empty */
  uint32_t received; /* of them; kept through a loss of power up to the last whole sector */
  uint8_t sha256[32];
  const char *name; /* of a good one, else "" */
  grit_bank_state_t state;
  grit_bank_reason_t reason;
  grit_status_t status;
} grit_bank_entry_t;

typedef enum {
  GRIT_BANK_AT_REST,
  GRIT_BANK_AT_HEAD_ERASE,
  GRIT_BANK_AT_HEAD_PROGRAM,
  GRIT_BANK_AT_SECTOR_ERASE,
  GRIT_BANK_AT_FILL,
  GRIT_BANK_AT_SECTOR_PROGRAM,
  GRIT_BANK_AT_SECTOR_VERIFY,
  GRIT_BANK_AT_CHECK,
  GRIT_BANK_AT_COMMIT_VERIFY,
  GRIT_BANK_AT_DELETE_MARK,
  GRIT_BANK_AT_DELETE_ERASE
} grit_bank_at_t;

typedef struct {
  const grit_flash_t *flash;
  uint32_t first_sector, slots;
  grit_engine_need_t room; /* memory the engine has for a model's state */
  uint64_t held;           /* bit n: slot n is being played and must stay */
  uint8_t states[GRIT_BANK_MAX_SLOTS];
  uint8_t reasons[GRIT_BANK_MAX_SLOTS];
  uint8_t statuses[GRIT_BANK_MAX_SLOTS];
  uint32_t reading;       /* the slot that is being read again; `slots`: none */
  uint32_t read;          /* bytes of it */
  grit_sha256_t read_sha; /* of them */
  grit_bank_at_t at;
  uint32_t slot;     /* the one worked on */
  uint32_t bytes;    /* its model's */
  uint32_t received; /* of them, into `sector` or the flash */
  uint32_t written;  /* of `sector`, into the flash */
  uint32_t tries;    /* of one sector */
  uint32_t restarts; /* of the whole upload */
  uint8_t sha256[32];
  uint8_t page[64];
  uint8_t sector[GRIT_FLASH_SECTOR_BYTES]; /* the data sector being filled */
} grit_bank_t;

/* Looks what is there. flash NULL: a bank without slots. */
void grit_bank_open(grit_bank_t *bank, const grit_flash_t *flash, uint32_t first_sector, uint32_t sectors,
                    const grit_engine_need_t *room);

uint32_t grit_bank_count(const grit_bank_t *bank);

/* What is in a slot. False if there is no such slot. */
bool grit_bank_entry(const grit_bank_t *bank, uint32_t slot, grit_bank_entry_t *entry);

/* Whose SHA-256 and name a slot has: a good one, or one that is yet to be read again. */
bool grit_bank_known(const grit_bank_entry_t *entry);

/* A good slot's model, where it lies, else NULL. One that was not read since power-up is read now, in some
 * milliseconds. grit_model_open checks it again. Hold it (`held`) while it is played. */
const void *grit_bank_model(grit_bank_t *bank, uint32_t slot, size_t *bytes);

/* A model is to come; what the slot held is given up, unless it is a part of just this one, which goes on. */
grit_bank_result_t grit_bank_begin(grit_bank_t *bank, uint32_t slot, uint32_t bytes, const uint8_t sha256[32]);

/* The next bytes of it, which may not cross a sector's end. What has come already comes again without harm. */
grit_bank_result_t grit_bank_put(grit_bank_t *bank, uint32_t slot, uint32_t offset, const uint8_t *data, size_t count);

grit_bank_result_t grit_bank_delete(grit_bank_t *bank, uint32_t slot);

/* One small piece. True while there is something to do without the laptop. The check of a whole model is one piece, of
 * some milliseconds: below the audio interrupt. */
bool grit_bank_step(grit_bank_t *bank);

#endif
