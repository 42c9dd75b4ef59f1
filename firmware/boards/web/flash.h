/* The page's flash: as large as a Daisy Seed's. */
#ifndef GRITSPACE_WEB_FLASH_H
#define GRITSPACE_WEB_FLASH_H

#include "base/flash_device.h"

#define WEB_FLASH_SECTORS 2048u

extern const grit_flash_t web_flash;

/* All erased: before anything else. */
void web_flash_start(void);

#endif
