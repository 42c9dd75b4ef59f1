/* The memories, filled at power-up with what no program may count on. */
#include <stdlib.h>
#include <string.h>

#include "board.h"

#define UNKNOWN 0xA5
#define FLASH_AT 0x08000000u
#define FLASH_BYTES (128u << 10)
#define SDRAM_AT 0xC0000000u
#define SDRAM_BYTES (64u << 20)
#define BOOT_ROM 0x1FF00000u

typedef struct {
  uint32_t at, bytes;
  uint8_t *host;
} memory_t;
enum { FLASH, ITCM, DTCM, AXI, D2, D3, BACKUP, ROM, SDRAM, MEMORIES };
static memory_t memories[MEMORIES] = {
    [FLASH] = {FLASH_AT, FLASH_BYTES, NULL},  [ITCM] = {0, 64u << 10, NULL},
    [DTCM] = {0x20000000u, 128u << 10, NULL}, [AXI] = {0x24000000u, 512u << 10, NULL},
    [D2] = {0x30000000u, 288u << 10, NULL},   [D3] = {0x38000000u, 64u << 10, NULL},
    [BACKUP] = {0x38800000u, 4u << 10, NULL}, [ROM] = {BOOT_ROM, 128u << 10, NULL},
    [SDRAM] = {SDRAM_AT, SDRAM_BYTES, NULL},
};
static bool sdram_mapped;
static uint32_t loaded;

uint8_t *memory_at(uint32_t address, uint32_t bytes) {
  for (unsigned i = 0; i < MEMORIES; i++) {
    const memory_t *memory = &memories[i];
    if (address - memory->at < memory->bytes && bytes <= memory->bytes - (address - memory->at)) {
      return i == SDRAM && !sdram_mapped ? NULL : memory->host + (address - memory->at);
    }
  }
  return NULL;
}

bool memories_untouched(void) {
  for (unsigned i = ITCM; i <= D3; i++) {
    for (uint32_t at = 0; at < memories[i].bytes; at++) {
      if (memories[i].host[at] != UNKNOWN) return false;
    }
  }
  return true;
}

uint32_t core_read(uint32_t address) {
  uint32_t value = 0;
  const uint8_t *host = memory_at(address, 4);
  if (host != NULL) memcpy(&value, host, sizeof value);
  return value;
}

static void place(uint32_t at, const uint8_t *bytes, uint32_t count) {
  if (at - FLASH_AT >= FLASH_BYTES || count > FLASH_BYTES - (at - FLASH_AT)) {
    fault("the image has %u bytes at %08x, outside the flash", (unsigned)count, (unsigned)at);
    return;
  }
  memcpy(memories[FLASH].host + (at - FLASH_AT), bytes, count);
  if (at - FLASH_AT + count > loaded) loaded = at - FLASH_AT + count;
}

/* An ELF file's loaded segments at their physical addresses, as a programmer writes them; or plain bytes. */
static void place_image(const uint8_t *file, uint32_t count) {
  memset(memories[FLASH].host, 0xFF, FLASH_BYTES);
  if (count < 52u || memcmp(file, "\177ELF", 4) != 0) {
    place(FLASH_AT, file, count);
    return;
  }
  uint32_t headers;
  uint16_t number;
  memcpy(&headers, file + 28, 4);
  memcpy(&number, file + 44, 2);
  for (uint32_t i = 0; i < number && headers + 32u * (i + 1u) <= count; i++) {
    uint32_t header[8]; /* type, offset, virtual, physical, bytes in the file */
    memcpy(header, file + headers + 32u * i, sizeof header);
    if (header[0] != 1u || header[4] == 0 || header[1] > count || header[4] > count - header[1]) continue;
    if (header[3] - FLASH_AT < FLASH_BYTES) place(header[3], file + header[1], header[4]);
  }
}

uint32_t image_bytes(void) {
  return loaded;
}

static bool read_image(void) {
  FILE *file = fopen(options.image, "rb");
  if (file == NULL) {
    perror(options.image);
    return false;
  }
  static uint8_t bytes[4u << 20];
  const size_t count = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  place_image(bytes, (uint32_t)count);
  return count > 0;
}

/* The chip's own bootloader: vectors whose entry the main loop knows. And what the maker wrote beside it. */
static void fill_rom(void) {
  const uint32_t vectors[2] = {0x20001000u, 0x1FF09901u}, serial[3] = {0x00330045u, 0x30345110u, 0x20393531u};
  const uint16_t spin = 0xE7FE;
  const uint32_t kilobytes = 128;
  memcpy(memories[ROM].host + 0x9800, vectors, sizeof vectors);
  memcpy(memories[ROM].host + 0x9900, &spin, sizeof spin);
  memcpy(memories[ROM].host + 0x1E800, serial, sizeof serial);
  memcpy(memories[ROM].host + 0x1E880, &kilobytes, sizeof kilobytes);
}

bool memories_open(void) {
  for (unsigned i = 0; i < MEMORIES; i++) {
    memory_t *memory = &memories[i];
    memory->host = aligned_alloc(4096, memory->bytes);
    if (memory->host == NULL) return false;
    memset(memory->host, UNKNOWN, memory->bytes);
    const uint32_t rights = i == FLASH ? UC_PROT_READ | UC_PROT_EXEC : UC_PROT_ALL;
    if (i != SDRAM && uc_mem_map_ptr(uc, memory->at, memory->bytes, rights, memory->host) != UC_ERR_OK) return false;
  }
  fill_rom();
  return read_image();
}

void memories_sdram_ready(void) {
  if (sdram_mapped) return;
  sdram_mapped = true;
  uc_mem_map_ptr(uc, SDRAM_AT, SDRAM_BYTES, UC_PROT_ALL, memories[SDRAM].host);
}

void memories_reset(void) {
  if (!sdram_mapped) return;
  uc_mem_unmap(uc, SDRAM_AT, SDRAM_BYTES);
  sdram_mapped = false;
}
