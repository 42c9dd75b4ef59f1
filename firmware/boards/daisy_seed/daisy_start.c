/* Sources: STM32H750 reference manual (RM0433), "IWDG", "RCC_RSR"; application note AN2606 (the bootloader's address).
 */
#include "daisy_start.h"

#include <string.h>

#include "base/stack_watch.h"
#include "daisy_memory.h"
#include "daisy_vendor.h"
#include "fault.h"

#define BOOTLOADER 0x1FF09800u
#define WANTED 0x55464447u
#define PAINT_MARGIN 64u /* words below the present frame that stay as they are */

__attribute__((section(".noinit"))) static uint32_t bootloader_wanted;

/* Before anything else of C: newlib calls what is listed in .preinit_array, when no clock is changed and no peripheral
 * is in use, which the bootloader relies on. */
static void begin(void) {
  SCB_EnableICache();
  if (bootloader_wanted == WANTED || !daisy_image_is_whole()) { /* of a damaged image only another one helps */
    bootloader_wanted = 0;
    const uint32_t *vectors = (const uint32_t *)BOOTLOADER;
    const uint32_t stack = vectors[0], entry = vectors[1];
    SCB_DisableICache();
    SCB->VTOR = BOOTLOADER;
    __asm volatile("msr msp, %0\n bx %1" ::"r"(stack), "r"(entry));
    __builtin_unreachable();
  }
  RCC->AHB2ENR |= RCC_AHB2ENR_D2SRAM1EN | RCC_AHB2ENR_D2SRAM2EN | RCC_AHB2ENR_D2SRAM3EN;
  (void)RCC->AHB2ENR;
  memset(daisy_dma_start, 0,
         (uintptr_t)daisy_dma_end - (uintptr_t)daisy_dma_start); /* ST's start-up clears .bss alone */
  cortex_m_faults_on();
  grit_stack_paint(daisy_stack_low, (const uint32_t *)__builtin_frame_address(0) - PAINT_MARGIN);
}
__attribute__((section(".preinit_array"), used)) static void (*const begin_at)(void) = begin;

void daisy_start_bootloader(void) {
  bootloader_wanted = WANTED;
  cortex_m_reset();
}

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
