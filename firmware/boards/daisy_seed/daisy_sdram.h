/* The 64 MB of SDRAM on the FMC (AS4C16M32MSA). */
#ifndef GRITSPACE_DAISY_SDRAM_H
#define GRITSPACE_DAISY_SDRAM_H

#ifdef __cplusplus
extern "C" {
#endif

/* From here on it can be used, and is cached. Takes 1 ms. */
void daisy_sdram_start(void);

#ifdef __cplusplus
}
#endif

#endif
