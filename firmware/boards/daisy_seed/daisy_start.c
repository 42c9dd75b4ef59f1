/* Sources: STM32H750 reference manual (RM0433), "IWDG", "RCC_RSR". */
#include "daisy_start.h"

#include <string.h>

#include "base/stack_watch.h"
#include "daisy_vendor.h"
#include "fault.h"

#define PAINT_MARGIN 64u /* words below the present frame that stay as they are */

/* Before main: newlib calls what is listed in .preinit_array. */
static void begin(void) {
  SCB->VTOR = (uintptr_t)daisy_vectors; /* ST's start-up has set it to the flash */
  memset(daisy_dma_start, 0,
         (uintptr_t)daisy_dma_end - (uintptr_t)daisy_dma_start); /* ST's start-up clears .bss alone */
  cortex_m_faults_on();
  grit_stack_paint(daisy_stack_low, (const uint32_t *)__builtin_frame_address(0) - PAINT_MARGIN);
}
__attribute__((section(".preinit_array"), used)) static void (*const begin_at)(void) = begin;

void daisy_watchdog_start(void) {
  IWDG1->KR = 0xCCCC;
  IWDG1->KR = 0x5555;
  IWDG1->PR = 4;     /* 32 kHz / 64 */
  IWDG1->RLR = 1000; /* 2 s */
  while (IWDG1->SR != 0) {
  }
  IWDG1->KR = 0xAAAA;
}

void daisy_watchdog_kick(void) {
  IWDG1->KR = 0xAAAA;
}

bool daisy_watchdog_bit(void) {
  const bool bit = (RCC->RSR & RCC_RSR_IWDG1RSTF) != 0;
  RCC->RSR |= RCC_RSR_RMVF;
  return bit;
}

/* The names of the vector table. */
void HardFault_Handler(void) __attribute__((alias("daisy_fault")));
void MemManage_Handler(void) __attribute__((alias("daisy_fault")));
void BusFault_Handler(void) __attribute__((alias("daisy_fault")));
void UsageFault_Handler(void) __attribute__((alias("daisy_fault")));
void daisy_fault(void);
__attribute__((naked, used)) void daisy_fault(void) {
  __asm volatile("b %c0" ::"i"(cortex_m_fault));
}

void cortex_m_last_words(const grit_fault_record_t *record) {
  (void)record; /* the link tells after the restart */
}
