#include "daisy_memory.h"

#include "daisy_vendor.h"
#include "unpack.h"
#include "wire/crc32.h"

#define FLASH_BYTES (128u << 10)

/* From daisy_seed.ld: where the engine's code runs, and where it lies packed behind its length and the image's CRC-32,
 * which is of all bytes in front of itself and of the packed ones. */
extern uint8_t daisy_itcm_start[], daisy_itcm_end[];
extern const uint8_t daisy_itcm_packed[];
enum { PACKED_LENGTH = 0, PACKED_CRC = 4, PACKED_BLOCK = 8 };

static uint32_t word_at(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool daisy_image_is_whole(void) {
  const uintptr_t before = (uintptr_t)daisy_itcm_packed + PACKED_CRC - FLASH_BASE;
  const uint32_t packed = word_at(daisy_itcm_packed + PACKED_LENGTH);
  if (packed > FLASH_BYTES - (before - PACKED_CRC) - PACKED_BLOCK) return false;
  const uint32_t crc = grit_crc32(0, (const void *)FLASH_BASE, before);
  return grit_crc32(crc, daisy_itcm_packed + PACKED_BLOCK, packed) == word_at(daisy_itcm_packed + PACKED_CRC);
}

bool daisy_fill_itcm(void) {
  const uint32_t packed = word_at(daisy_itcm_packed + PACKED_LENGTH);
  const uintptr_t start = (uintptr_t)daisy_itcm_start;
  const uintptr_t bytes = (uintptr_t)daisy_itcm_end - start;
  const bool whole = daisy_unpack(daisy_itcm_packed + PACKED_BLOCK, packed, (uint8_t *)start, bytes) == bytes;
  __asm volatile("dsb\n isb" ::: "memory");
  return whole;
}

/* As the ARMv7-M Architecture Reference Manual has it: shared and neither cached nor buffered; written back. */
void daisy_memory_start(void) {
  ARM_MPU_Disable();
  ARM_MPU_SetRegionEx(0, 0x30000000u, ARM_MPU_RASR(0, ARM_MPU_AP_FULL, 1, 1, 0, 0, 0, ARM_MPU_REGION_SIZE_32KB));
  ARM_MPU_SetRegionEx(1, 0xC0000000u, ARM_MPU_RASR(1, ARM_MPU_AP_FULL, 0, 0, 1, 1, 0, ARM_MPU_REGION_SIZE_64MB));
  ARM_MPU_Enable(MPU_CTRL_PRIVDEFENA_Msk);
}
