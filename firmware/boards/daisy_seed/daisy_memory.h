/* The Seed's memories that daisy_seed.ld hands out. */
#ifndef GRITSPACE_DAISY_MEMORY_H
#define GRITSPACE_DAISY_MEMORY_H

#include <stdint.h>
#include <string.h>

/* An engine's state, where the processor reads it in one cycle; 64-bit aligned, not cleared at start-up. */
#define DAISY_DTCM __attribute__((section(".dtcm_bss"), aligned(8)))

/* The same in the large, cached memory. */
#define DAISY_AXI_SRAM __attribute__((section(".axi_bss"), aligned(32)))

#ifdef __cplusplus
extern "C" {
#endif

/* From daisy_seed.ld: where the engine's code is kept in flash and where it runs. */
extern uint8_t daisy_itcm_load[], daisy_itcm_start[], daisy_itcm_end[];

#ifdef __cplusplus
}
#endif

/* Puts the engine's code where it runs. Before anything of the engine is called. */
static inline void daisy_fill_itcm(void) {
  memcpy(daisy_itcm_start, daisy_itcm_load, (uintptr_t)daisy_itcm_end - (uintptr_t)daisy_itcm_start);
  __asm volatile("dsb\n isb" ::: "memory");
}

#endif
