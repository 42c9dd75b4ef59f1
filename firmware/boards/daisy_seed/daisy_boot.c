/* The first that runs after a reset, and with unlzma.c and crc32.c all that runs from the flash: it looks at every byte
 * of the image, puts the packed rest of it where it runs, and goes there. Nothing here may call what is packed; the
 * linker script sees to it.
 *
 * Sources: STM32H750 reference manual (RM0433), "System supply startup"; application note AN2606 (the bootloader's
 * address). */
#include "daisy_boot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daisy_vendor.h"
#include "unlzma.h"
#include "wire/crc32.h"

#define FLASH_BYTES (128u << 10)
#define BOOTLOADER 0x1FF09800u
#define WANTED 0x55464447u

typedef void (*entry_t)(void);

/* From daisy_seed.ld. What is packed: its length, the CRC-32 of all bytes in front of that word and behind it, and for
 * each part a length and an LZMA stream. */
extern uint8_t _estack[], daisy_itcm_start[], daisy_itcm_end[], daisy_code_start[], daisy_code_end[];
extern uint8_t daisy_fast_constants_start[], daisy_fast_constants_end[];
extern uint8_t daisy_constants_start[], daisy_constants_end[];
extern const uint8_t daisy_packed[];
extern const entry_t daisy_vectors[];
extern daisy_lzma_t daisy_idle;
enum { PACKED_LENGTH = 0, PACKED_CRC = 4, PACKED_PARTS = 8 };

/* Read by nobody here: what board a file is for, all else of it being packed. */
#ifdef ARDUINO_DAISY_PATCH_SM
__attribute__((used)) static const char board_name[] = "daisy_patch_sm";
#else
__attribute__((used)) static const char board_name[] = "daisy_seed";
#endif

static const struct {
  uint8_t *start, *end;
} parts[] = {{daisy_itcm_start, daisy_itcm_end},
             {daisy_fast_constants_start, daisy_fast_constants_end},
             {daisy_code_start, daisy_code_end},
             {daisy_constants_start, daisy_constants_end}};

__attribute__((section(".noinit"))) static uint32_t bootloader_wanted;

void daisy_start_bootloader(void) {
  bootloader_wanted = WANTED;
  NVIC_SystemReset();
}

static uint32_t word_at(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool image_is_whole(void) {
  const uint32_t before = (uint32_t)((uintptr_t)daisy_packed + PACKED_CRC - FLASH_BASE);
  const uint32_t packed = word_at(daisy_packed + PACKED_LENGTH);
  if (packed > FLASH_BYTES - before - (PACKED_PARTS - PACKED_CRC)) return false;
  const uint32_t crc = grit_crc32(0, (const void *)FLASH_BASE, before);
  return grit_crc32(crc, daisy_packed + PACKED_PARTS, packed) == word_at(daisy_packed + PACKED_CRC);
}

static bool unpack(void) {
  const uint8_t *at = daisy_packed + PACKED_PARTS;
  RCC->AHB2ENR |= RCC_AHB2ENR_D2SRAM1EN | RCC_AHB2ENR_D2SRAM2EN | RCC_AHB2ENR_D2SRAM3EN;
  (void)RCC->AHB2ENR;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    const size_t count = word_at(at), bytes = (size_t)((uintptr_t)parts[i].end - (uintptr_t)parts[i].start);
    if (daisy_unlzma(at + 4, count, parts[i].start, bytes, &daisy_idle) != bytes) return false;
    at += 4 + count;
  }
  return true;
}

/* No clock is changed and no peripheral is in use, which the bootloader relies on. */
__attribute__((noreturn)) static void enter(uintptr_t vectors) {
  const uint32_t stack = ((const uint32_t *)vectors)[0], entry = ((const uint32_t *)vectors)[1];
  SCB->VTOR = vectors;
  __asm volatile("dsb\n isb\n msr msp, %0\n bx %1" ::"r"(stack), "r"(entry));
  __builtin_unreachable();
}

__attribute__((noreturn, used)) static void begin(void) {
  SCB_EnableICache();
  if (bootloader_wanted == WANTED || !image_is_whole() || !unpack()) { /* of a damaged image only another one helps */
    bootloader_wanted = 0;
    SCB_DisableICache();
    enter(BOOTLOADER);
  }
  SCB_InvalidateICache();
  enter((uintptr_t)daisy_vectors);
}

/* Memory may be written, the stack too, once the supply is set and has come up. */
void daisy_boot(void);
__attribute__((naked)) void daisy_boot(void) {
  __asm volatile(
      "ldr r0, =%c0\n ldr r1, [r0]\n orr r1, %1\n str r1, [r0]\n"
      "ldr r0, =%c2\n 0: ldr r1, [r0]\n tst r1, %3\n beq 0b\n b begin\n .ltorg" ::"i"(&PWR->CR3),
      "i"(PWR_CR3_LDOEN), "i"(&PWR->CSR1), "i"(PWR_CSR1_ACTVOSRDY));
}

/* Until the vectors of what is packed are in place. */
#define FAULT daisy_start_bootloader
__attribute__((section(".boot_vectors"), used)) static const entry_t vectors[16] = {(entry_t)(uintptr_t)_estack,
                                                                                    daisy_boot,
                                                                                    FAULT,
                                                                                    FAULT,
                                                                                    FAULT,
                                                                                    FAULT,
                                                                                    FAULT,
                                                                                    [11] = FAULT,
                                                                                    FAULT,
                                                                                    [14] = FAULT,
                                                                                    FAULT};
