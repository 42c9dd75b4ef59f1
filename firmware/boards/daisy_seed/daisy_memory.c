#include "daisy_memory.h"

#include "daisy_vendor.h"

/* As the ARMv7-M Architecture Reference Manual has it: shared and neither cached nor buffered; written back. */
void daisy_memory_start(void) {
  ARM_MPU_Disable();
  ARM_MPU_SetRegionEx(0, 0x30000000u, ARM_MPU_RASR(0, ARM_MPU_AP_FULL, 1, 1, 0, 0, 0, ARM_MPU_REGION_SIZE_32KB));
  ARM_MPU_SetRegionEx(1, 0xC0000000u, ARM_MPU_RASR(1, ARM_MPU_AP_FULL, 0, 0, 1, 1, 0, ARM_MPU_REGION_SIZE_64MB));
  ARM_MPU_Enable(MPU_CTRL_PRIVDEFENA_Msk);
}
