/* A flash memory that works while the program goes on: what the store and the model bank ask of a board.
 *
 * Erased bytes are 0xFF; programming only clears bits. One operation at a time: it is begun, and is over when `busy`
 * says no. Whether it has succeeded is seen in `memory`, so nothing here reports failure. When power goes in the middle
 * of an operation, what it was working on may hold anything. */
#ifndef GRITSPACE_FLASH_DEVICE_H
#define GRITSPACE_FLASH_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRIT_FLASH_SECTOR_BYTES 4096u /* what is erased at once */
#define GRIT_FLASH_PAGE_BYTES 256u    /* most that is programmed at once, within a page's boundaries */

typedef struct {
  /* What the flash holds, 8-byte aligned. Always readable, also while the flash works: a board whose flash cannot be
   * read meanwhile keeps a copy in RAM, and shows in it what it has read back. */
  const uint8_t *memory;
  uint32_t sectors;
  /* Both only begin, and return at once. bytes: copied, or kept by the caller until busy says no. */
  void (*erase)(uint32_t sector);
  void (*program)(uint32_t address, const uint8_t *bytes, size_t count);
  bool (*busy)(void);
} grit_flash_t;

#endif
