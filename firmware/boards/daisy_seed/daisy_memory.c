#include "daisy_memory.h"

#include "unpack.h"

/* From daisy_seed.ld: where the engine's code runs, and where it lies packed behind its length. */
extern uint8_t daisy_itcm_start[], daisy_itcm_end[];
extern const uint8_t daisy_itcm_packed[];

bool daisy_fill_itcm(void) {
  const uint8_t *at = daisy_itcm_packed;
  const uint32_t packed = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
  const uintptr_t start = (uintptr_t)daisy_itcm_start;
  const uintptr_t bytes = (uintptr_t)daisy_itcm_end - start;
  const bool whole = daisy_unpack(at + 4, packed, (uint8_t *)start, bytes) == bytes;
  __asm volatile("dsb\n isb" ::: "memory");
  return whole;
}
