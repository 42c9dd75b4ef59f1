/* Registers and exception frame: ARMv7-M Architecture Reference Manual, B1.5 and B3.2. */
#include "fault.h"

#define SHCSR (*(volatile uint32_t *)0xE000ED24u)
#define CFSR (*(volatile uint32_t *)0xE000ED28u)
#define HFSR (*(volatile uint32_t *)0xE000ED2Cu)
#define MMFAR (*(volatile uint32_t *)0xE000ED34u)
#define BFAR (*(volatile uint32_t *)0xE000ED38u)
#define AIRCR (*(volatile uint32_t *)0xE000ED0Cu)
#define AIRCR_RESET (0x05FAu << 16 | 1u << 2)
#define CFSR_MMFAR_VALID (1u << 7)
#define NMI_OF_A_WATCHDOG 2u

__attribute__((section(".noinit"))) grit_fault_record_t cortex_m_fault_kept;

void cortex_m_faults_on(void) {
  SHCSR |= 7u << 16;
}

void cortex_m_reset(void) {
  __asm volatile("dsb" ::: "memory");
  AIRCR = AIRCR_RESET;
  for (;;) {
    __asm volatile("dsb");
  }
}

__attribute__((used, noreturn)) static void report(const grit_fault_frame_t *frame) {
  uint32_t exception;
  __asm volatile("cpsid i\n mrs %0, ipsr" : "=r"(exception)::"memory");
  const uint32_t cfsr = CFSR;
  const uint32_t status[3] = {cfsr, HFSR, (cfsr & CFSR_MMFAR_VALID) != 0 ? MMFAR : BFAR};
  grit_fault_kind_t kind = GRIT_FAULT_OTHER;
  if (exception >= GRIT_FAULT_HARD && exception <= GRIT_FAULT_USAGE) kind = (grit_fault_kind_t)exception;
  if (exception == NMI_OF_A_WATCHDOG) kind = GRIT_FAULT_WATCHDOG;
  grit_fault_write(&cortex_m_fault_kept, kind, frame, (uint32_t)(uintptr_t)frame, status);
  cortex_m_last_words(&cortex_m_fault_kept);
  cortex_m_reset();
}

/* The processor has stacked r0-r3, r12, lr, pc, psr on the stack it was using. */
__attribute__((naked)) void cortex_m_fault(void) {
  __asm volatile(
      "tst lr, #4\n"
      "ite eq\n"
      "mrseq r0, msp\n"
      "mrsne r0, psp\n"
      "b %c0" ::"i"(report));
}
