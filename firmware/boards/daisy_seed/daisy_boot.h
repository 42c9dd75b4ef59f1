/* What runs from the flash itself, before there is anything else. */
#ifndef GRITSPACE_DAISY_BOOT_H
#define GRITSPACE_DAISY_BOOT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Into the chip's own DFU bootloader, from which only a reset leads back. */
__attribute__((noreturn)) void daisy_start_bootloader(void);

#ifdef __cplusplus
}
#endif

#endif
