#include "base/fault_record.h"

#include <stddef.h>
#include <string.h>

#include "wire/crc32.h"

#define MAGIC 0x544C4647u /* 'GFLT' */
#define TAKEN 0x4B4F4647u /* 'GFOK': no crash, but the count and the notes hold */

static uint32_t crc_of(const grit_fault_record_t *record) {
  return grit_crc32(0, record, offsetof(grit_fault_record_t, crc));
}

/* Either a record or what grit_fault_take left. Notes come too often for a CRC: they are not in it while it is not a
 * record. */
static bool is_kept(const grit_fault_record_t *record) {
  return record->magic == TAKEN && record->crc == ~record->count;
}

bool grit_fault_is_record(const grit_fault_record_t *record) {
  return record->magic == MAGIC && record->crc == crc_of(record);
}

void grit_fault_write(grit_fault_record_t *record, grit_fault_kind_t kind, const grit_fault_frame_t *frame, uint32_t sp,
                      const uint32_t status[3]) {
  const bool kept = is_kept(record), another = grit_fault_is_record(record);
  if (!kept && !another) memset(record, 0, sizeof *record);
  record->magic = MAGIC;
  record->kind = kind;
  record->count++;
  record->pc = frame != NULL ? frame->pc : 0;
  record->lr = frame != NULL ? frame->lr : 0;
  record->psr = frame != NULL ? frame->psr : 0;
  record->sp = sp;
  record->cfsr = status != NULL ? status[0] : 0;
  record->hfsr = status != NULL ? status[1] : 0;
  record->address = status != NULL ? status[2] : 0;
  record->crc = crc_of(record);
}

void grit_fault_note(grit_fault_record_t *record, uint32_t main_blocks, uint32_t audio_blocks) {
  record->main_blocks = main_blocks;
  record->audio_blocks = audio_blocks;
}

grit_fault_record_t grit_fault_take(grit_fault_record_t *kept, bool watchdog) {
  if (watchdog && !grit_fault_is_record(kept)) grit_fault_write(kept, GRIT_FAULT_WATCHDOG, NULL, 0, NULL);
  grit_fault_record_t taken;
  memset(&taken, 0, sizeof taken);
  if (grit_fault_is_record(kept)) taken = *kept;
  const uint32_t count = grit_fault_is_record(kept) || is_kept(kept) ? kept->count : 0;
  memset(kept, 0, sizeof *kept);
  kept->magic = TAKEN;
  kept->count = count;
  kept->crc = ~count;
  return taken;
}
