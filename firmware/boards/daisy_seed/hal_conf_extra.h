/* What of ST's HAL is compiled in: stm32duino looks for a header of this name. DaisyDuino needs these beside its
 * defaults. */
#ifndef GRITSPACE_HAL_CONF_EXTRA_H
#define GRITSPACE_HAL_CONF_EXTRA_H

#define HAL_SAI_MODULE_ENABLED
#define HAL_SDRAM_MODULE_ENABLED
#define HAL_DMA_MODULE_ENABLED
#define HAL_MDMA_MODULE_ENABLED
#define HAL_QSPI_MODULE_ENABLED
#define HAL_SD_MODULE_ENABLED

#endif
