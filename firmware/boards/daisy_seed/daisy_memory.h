/* The Seed's memories that daisy_seed.ld hands out. */
#ifndef GRITSPACE_DAISY_MEMORY_H
#define GRITSPACE_DAISY_MEMORY_H

/* An engine's state, where the processor reads it in one cycle; 64-bit aligned, not cleared at start-up. */
#define DAISY_DTCM __attribute__((section(".dtcm_bss"), aligned(8)))

/* The same in the large, cached memory. */
#define DAISY_AXI_SRAM __attribute__((section(".axi_bss"), aligned(32)))

#ifdef __cplusplus
extern "C" {
#endif

/* What DMA shares with the core is not cached, SDRAM is. Before either is used. */
void daisy_memory_start(void);

#ifdef __cplusplus
}
#endif

#endif
