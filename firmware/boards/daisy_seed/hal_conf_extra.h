/* What of ST's HAL is compiled in: stm32duino looks for a header of this name. Its defaults suffice. */
#ifndef GRITSPACE_HAL_CONF_EXTRA_H
#define GRITSPACE_HAL_CONF_EXTRA_H

#define HAL_SRAM_MODULE_ENABLED /* for the SDRAM controller's registers */

#endif
