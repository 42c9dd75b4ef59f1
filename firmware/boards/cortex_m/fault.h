/* What every Cortex-M board does when it crashes: keep a record, start anew. */
#ifndef GRITSPACE_CORTEX_M_FAULT_H
#define GRITSPACE_CORTEX_M_FAULT_H

#include <stdint.h>

#include "base/fault_record.h"

/* In memory (section .noinit) that neither start-up nor a reset clears. */
extern grit_fault_record_t cortex_m_fault_kept;

/* MemManage, BusFault and UsageFault by their own names. */
void cortex_m_faults_on(void);

/* For the vector table: every fault, and interrupts that nobody awaits. */
void cortex_m_fault(void);

/* Starts anew. */
__attribute__((noreturn)) void cortex_m_reset(void);

/* A board may say a last word; it must not rely on anything. */
void cortex_m_last_words(const grit_fault_record_t *record);

#endif
