/* Gate, button, fault record, delay finder, on this computer, for tests. */
#include <string.h>

#include "base/fault_record.h"
#include "panel/gestures.h"
#include "sound/delay_finder.h"

void host_gestures(const uint8_t *gate, const uint8_t *button, size_t blocks, uint8_t *said);
size_t host_fault_bytes(void);
void host_fault_write(void *record, uint32_t kind, uint32_t pc, uint32_t blocks);
uint32_t host_fault_take(void *record, int watchdog, uint32_t fields[4]);
uint32_t host_find_delay(const int16_t *in, const int16_t *out, size_t frames);

void host_gestures(const uint8_t *gate, const uint8_t *button, size_t blocks, uint8_t *said) {
  grit_gestures_t gestures = {0};
  for (size_t b = 0; b < blocks; b++) said[b] = (uint8_t)grit_gestures_step(&gestures, gate[b] != 0, button[b] != 0);
}

size_t host_fault_bytes(void) {
  return sizeof(grit_fault_record_t);
}

/* As a fault handler does, with notes of where main loop and audio were. */
void host_fault_write(void *record, uint32_t kind, uint32_t pc, uint32_t blocks) {
  const grit_fault_frame_t frame = {.pc = pc};
  const uint32_t status[3] = {1, 2, 3};
  grit_fault_note(record, blocks, blocks + 1u);
  grit_fault_write(record, (grit_fault_kind_t)kind, &frame, 0x20001000u, status);
}

/* Returns the kind; fields: count, pc, main_blocks, address. */
uint32_t host_fault_take(void *record, int watchdog, uint32_t fields[4]) {
  const grit_fault_record_t taken = grit_fault_take(record, watchdog != 0);
  const uint32_t found[4] = {taken.count, taken.pc, taken.main_blocks, taken.address};
  memcpy(fields, found, sizeof found);
  return taken.kind;
}

uint32_t host_find_delay(const int16_t *in, const int16_t *out, size_t frames) {
  return grit_find_delay(in, out, frames);
}
