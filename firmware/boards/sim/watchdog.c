/* Source: Arm's Cortex-M System Design Kit manual, "APB watchdog". QEMU has it at AN500's address. */
#include "watchdog.h"

#include "registers.h"

#define MILLISECONDS 100u

/* Not static: named in the assembly below. */
extern volatile uint32_t sim_watchdog_asleep;
volatile uint32_t sim_watchdog_asleep;

void sim_watchdog_start(void) {
  SIM_WATCHDOG->load = SIM_CLOCK_HZ / 1000u * MILLISECONDS;
  SIM_WATCHDOG->control = 3u;
}

void sim_watchdog_kick(void) {
  SIM_WATCHDOG->intclear = 1u;
}

void sim_watchdog_sleep(void) {
  sim_watchdog_asleep = 1u;
  sim_wait_for_interrupt();
  sim_watchdog_kick();
  sim_watchdog_asleep = 0u;
}

/* cortex_m_fault wants the stack and the link register as the exception left them. */
__attribute__((naked)) void sim_watchdog_interrupt(void) {
  __asm volatile(
      "ldr r0, =sim_watchdog_asleep\n"
      "ldr r1, [r0]\n"
      "cbnz r1, 1f\n"
      "b cortex_m_fault\n"
      "1: movs r1, #0\n" /* forgiven once: the next sleep says so again */
      "str r1, [r0]\n"
      "ldr r0, =0x4000800c\n"
      "str r0, [r0]\n"
      "bx lr\n"
      ".ltorg");
}
