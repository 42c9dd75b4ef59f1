/* What is left of a crash. It lies in memory that start-up does not clear, survives a reset, but not the power: so it
 * says by a CRC whether it is one. */
#ifndef GRITSPACE_FAULT_RECORD_H
#define GRITSPACE_FAULT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
  GRIT_FAULT_NONE = 0,
  GRIT_FAULT_HARD = 3, /* the exception's number: 3 HardFault, 4 MemManage, 5 BusFault, 6 UsageFault */
  GRIT_FAULT_MEMORY = 4,
  GRIT_FAULT_BUS = 5,
  GRIT_FAULT_USAGE = 6,
  GRIT_FAULT_WATCHDOG = 64, /* nobody kicked it: pc and what follows are 0 */
  GRIT_FAULT_OTHER = 65     /* an interrupt that nobody awaits: psr has its number */
} grit_fault_kind_t;

typedef struct {
  uint32_t magic;
  uint32_t kind;                      /* grit_fault_kind_t */
  uint32_t count;                     /* faults since power-up, this one included */
  uint32_t pc, lr, psr, sp;           /* where it happened */
  uint32_t cfsr, hfsr, address;       /* the processor's fault status, and the address it concerns, if cfsr says so */
  uint32_t main_blocks, audio_blocks; /* blocks heard when the main loop, and the audio interrupt, were last alive */
  uint32_t crc;                       /* of all before */
} grit_fault_record_t;

/* What the processor stacked at a fault: r0..r3, r12, lr, pc, psr. */
typedef struct {
  uint32_t r0, r1, r2, r3, r12, lr, pc, psr;
} grit_fault_frame_t;

bool grit_fault_is_record(const grit_fault_record_t *record);

/* Writes a record over whatever lies there; the count goes on. frame NULL: nothing known. From a fault handler: touches
 * nothing else. */
void grit_fault_write(grit_fault_record_t *record, grit_fault_kind_t kind, const grit_fault_frame_t *frame, uint32_t sp,
                      const uint32_t status[3]);

/* Where main loop and audio are, for a record to come. */
void grit_fault_note(grit_fault_record_t *record, uint32_t main_blocks, uint32_t audio_blocks);

/* At start-up: the record of the crash before, if there is one, else a kind of GRIT_FAULT_NONE. watchdog: the chip says
 * that this is why it started. Prepares `kept` for the next one. */
grit_fault_record_t grit_fault_take(grit_fault_record_t *kept, bool watchdog);

#endif
