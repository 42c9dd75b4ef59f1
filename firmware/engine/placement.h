/* Where code lies and how it is made. */
#ifndef GRITSPACE_PLACEMENT_H
#define GRITSPACE_PLACEMENT_H

/* Where code and data should live on a Cortex-M7, for the linker script of a board:
 *
 *   ITCM  sections .text.grit_fast*: the audio path, about 52 KB with every width, less what the linker drops
 *   DTCM  the arena, if it fits (128 KB on an STM32H750); else AXI SRAM with its cache on. And the stack, below 1 KB
 *   flash the model's blob: read when a model is opened, and its FiLM at control rate. The rest of the code
 *
 * Everything works anywhere; elsewhere it waits for the bus. */
#ifndef GRIT_FAST_CODE
#if defined(__arm__)
#define GRIT_FAST_CODE __attribute__((section(".text.grit_fast")))
#else
#define GRIT_FAST_CODE
#endif
#endif

/* Tables that the audio path reads: in DTCM, too. */
#ifndef GRIT_FAST_DATA
#if defined(__arm__)
#define GRIT_FAST_DATA __attribute__((section(".rodata.grit_fast")))
#else
#define GRIT_FAST_DATA
#endif
#endif

/* What runs once a model is made small rather than fast. */
#define GRIT_ONCE __attribute__((cold))

#endif
