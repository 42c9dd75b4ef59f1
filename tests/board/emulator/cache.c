/* The Cortex-M7's data cache (16 KB, 4 ways, lines of 32 bytes; written back, allocated by reads and writes) and what
 * the MPU says of memory. Unicorn's memory is what the core sees; a line that is held keeps beside it what the memory
 * behind has, which is what DMA sees. So a core that reads a line that DMA has written since, or a DMA that reads what
 * the core has not written back, gets what it would get on a board. */
#include <string.h>

#include "board.h"

#define LINE 32u
#define WAYS 4u
#define SETS 128u
#define CCR 0xE000ED14u
#define MPU_CTRL 0xE000ED94u
#define MPU_REGIONS 16u

typedef struct {
  uint32_t line; /* address / LINE */
  bool held, dirty;
  uint8_t behind[LINE];
} line_t;
static line_t lines[SETS][WAYS];
static unsigned next_way;
static struct { uint32_t rbar, rasr; } mpu[MPU_REGIONS];
uint64_t cache_fills, cache_write_backs;

static bool enabled(void) {
  return (reg(CCR) >> 16 & 1u) != 0;
}

static const uint32_t *region_of(uint32_t address) {
  if ((reg(MPU_CTRL) & 1u) == 0) return NULL;
  for (unsigned i = MPU_REGIONS; i-- > 0;) {
    const uint32_t rasr = mpu[i].rasr;
    if ((rasr & 1u) == 0) continue;
    const unsigned bits = (rasr >> 1 & 31u) + 1u;
    const uint32_t base = mpu[i].rbar & ~31u;
    if (bits < 32u && (address ^ base) >> bits != 0) continue;
    if (bits >= 8u && (rasr >> 8 >> (address >> (bits - 3u) & 7u) & 1u) != 0) continue;
    return &mpu[i].rasr;
  }
  return NULL;
}

bool mpu_says_cached(uint32_t address) {
  const uint32_t *rasr = region_of(address);
  if (rasr == NULL) return address < 0x40000000u || (address >= 0x60000000u && address < 0xA0000000u);
  const unsigned tex = *rasr >> 19 & 7u;
  const bool shared = *rasr >> 18 & 1u, c = *rasr >> 17 & 1u, b = *rasr >> 16 & 1u;
  return !shared && (tex >= 4u ? (*rasr >> 16 & 3u) != 0 : c && (tex == 0 || b));
}

static bool is_device(uint32_t address) {
  const uint32_t *rasr = region_of(address);
  if (rasr == NULL) return address >= 0xA0000000u && address < 0xE0000000u;
  return (*rasr >> 19 & 7u) == 0 && (*rasr >> 17 & 1u) == 0;
}

static line_t *holder(uint32_t address) {
  const uint32_t line = address / LINE;
  line_t *set = lines[line % SETS];
  for (unsigned i = 0; i < WAYS; i++) {
    if (set[i].held && set[i].line == line) return &set[i];
  }
  return NULL;
}

static void write_back(line_t *line) {
  if (!line->dirty) return;
  const uint8_t *core = memory_at(line->line * LINE, LINE);
  if (core != NULL) memcpy(line->behind, core, LINE);
  line->dirty = false;
  cache_write_backs++;
}

/* What the core wrote and was not written back is lost. */
static void invalidate(line_t *line) {
  uint8_t *core = memory_at(line->line * LINE, LINE);
  if (core != NULL && memcmp(core, line->behind, LINE) != 0) memcpy(core, line->behind, LINE);
  line->held = line->dirty = false;
}

static void touch(uint32_t address, bool writes) {
  line_t *line = holder(address);
  if (line == NULL) {
    const uint8_t *core = memory_at(address & ~(LINE - 1u), LINE);
    if (core == NULL) return;
    line = &lines[address / LINE % SETS][next_way++ % WAYS];
    if (line->held) {
      write_back(line);
      invalidate(line);
    }
    line->line = address / LINE;
    line->held = true;
    line->dirty = false;
    memcpy(line->behind, core, LINE);
    cache_fills++;
  }
  if (writes) line->dirty = true;
}

/* Before it calls a hook, Unicorn sets the core's IT bits to those of the instruction that accesses, which the code it
 * made does not expect and nothing takes back: an access inside an IT block would leave its condition to the
 * instruction behind the next branch, for good. Outside of an instruction they are 0. */
static void on_access(uc_engine *engine, uc_mem_type type, uint64_t address, int size, int64_t value, void *data) {
  (void)engine, (void)value, (void)data;
  core_set_register(UC_ARM_REG_EPSR, EPSR_THUMB);
  const uint32_t at = (uint32_t)address, last = at + (uint32_t)size - 1u;
  static uint32_t page = 1;
  static bool cached, device;
  if (page != at >> 12 || reg(MPU_CTRL) == 0) {
    page = at >> 12;
    cached = mpu_says_cached(at);
    device = is_device(at);
  }
  const uint32_t alignment = size < 4 ? (uint32_t)size : 4u;
  if (device && at % alignment != 0) fault_once(at, "unaligned access to device memory %08x", at);
  if (!cached || !enabled()) return;
  touch(at, type == UC_MEM_WRITE);
  if (last / LINE != at / LINE) touch(last, type == UC_MEM_WRITE);
}

bool cache_holds_dirty(uint32_t address) {
  const line_t *line = options.cache ? holder(address) : NULL;
  return line != NULL && line->dirty;
}

/* 0xE000EF5C to 0xE000EF74, and the MPU's registers. */
void cache_maintain(uint32_t at, uint32_t value) {
  const uint32_t number = reg(0xE000ED98u) % MPU_REGIONS;
  if (at == 0xE000ED9Cu) {
    mpu[(value & 16u) != 0 ? value % MPU_REGIONS : number].rbar = value;
    if ((value & 16u) != 0) reg_set(0xE000ED98u, value % MPU_REGIONS);
  }
  if (at == 0xE000EDA0u) mpu[number].rasr = value;
  if (at < 0xE000EF5Cu || at > 0xE000EF74u) return;
  const bool by_set = at == 0xE000EF60u || at == 0xE000EF6Cu || at == 0xE000EF74u;
  line_t *line = by_set ? &lines[value >> 5 & (SETS - 1u)][value >> 30] : holder(value);
  if (line == NULL || !line->held) return;
  const bool cleans = at >= 0xE000EF64u, drops = at == 0xE000EF5Cu || at == 0xE000EF60u || at >= 0xE000EF70u;
  if (cleans) write_back(line);
  if (drops) invalidate(line);
}

void dma_copy_in(uint32_t address, const void *bytes, uint32_t count) {
  line_t *line = options.cache ? holder(address) : NULL;
  uint8_t *core = memory_at(address, count);
  if (core == NULL) {
    fault_once(address, "DMA writes to %08x, where nothing is", address);
    return;
  }
  if (line == NULL) {
    memcpy(core, bytes, count);
    return;
  }
  memcpy(line->behind + address % LINE, bytes, count);
  if (memcmp(core, bytes, count) != 0)
    fault_once(address, "DMA writes behind a line that the cache holds: %08x", address);
}

void dma_copy_out(uint32_t address, void *bytes, uint32_t count) {
  const line_t *line = options.cache ? holder(address) : NULL;
  const uint8_t *core = memory_at(address, count);
  if (core == NULL) {
    fault_once(address, "DMA reads from %08x, where nothing is", address);
    return;
  }
  const uint8_t *seen = line != NULL ? line->behind + address % LINE : core;
  if (memcmp(seen, core, count) != 0)
    fault_once(address, "DMA reads what the cache has not written back: %08x", address);
  memcpy(bytes, seen, count);
}

void cache_reset(void) {
  for (unsigned i = 0; i < SETS * WAYS; i++) {
    line_t *line = &lines[i / WAYS][i % WAYS];
    if (line->held) invalidate(line); /* a reset does not write back */
  }
  memset(mpu, 0, sizeof mpu);
}

void cache_open(void) {
  static const uint32_t ranges[][2] = {
      {0x24000000u, 0x2407FFFFu}, {0x30000000u, 0x3800FFFFu}, {0xC0000000u, 0xC3FFFFFFu}};
  static uc_hook hooks[3];
  if (!options.cache) return;
  for (unsigned i = 0; i < 3; i++) {
    const int kinds = UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE;
    uc_hook_add(uc, &hooks[i], kinds, (void *)on_access, NULL, ranges[i][0], ranges[i][1]);
  }
}
