/* DMA1 and DMA2 with their request multiplexer: streams that move an item for each request. */
#include <string.h>

#include "board.h"

#define DMA1 0x40020000u
#define DMA2 0x40020400u
#define DMAMUX1 0x40020800u
#define STREAMS 16u

static struct {
  bool on;
  uint32_t items, left, memory;
} streams[STREAMS];
static uint32_t flags[4]; /* low and high of either */
static const uint8_t flag_shift[4] = {0, 6, 16, 22};
enum { HALF = 0x10, COMPLETE = 0x20 };

static uint32_t control_of(unsigned stream) {
  return (stream < 8u ? DMA1 : DMA2) + 0x10u + 0x18u * (stream & 7u);
}

static void update_irq(unsigned stream) {
  static const uint8_t irqs[STREAMS] = {11, 12, 13, 14, 15, 16, 17, 47, 56, 57, 58, 59, 60, 68, 69, 70};
  const uint32_t raised = flags[stream / 4u] >> flag_shift[stream & 3u], control = reg(control_of(stream));
  irq_level(irqs[stream], ((raised & COMPLETE) != 0 && (control & 0x10u) != 0) ||
                              ((raised & HALF) != 0 && (control & 8u) != 0) ||
                              ((raised & 8u) != 0 && (control & 4u) != 0));
}

uint32_t dma_register_read(uint32_t address) {
  const unsigned second = address >= DMA2;
  const uint32_t offset = address & 0x3FFu;
  if (offset < 8u) return flags[2u * second + offset / 4u];
  if (offset >= 0x10u && offset < 0xD0u && (offset - 0x10u) % 0x18u == 4u) {
    const unsigned stream = second * 8u + (offset - 0x10u) / 0x18u;
    if (streams[stream].on) return streams[stream].left;
  }
  return reg(address);
}

static void switch_on(unsigned stream, uint32_t at, uint32_t control) {
  const uint32_t items = reg(at + 4u) & 0xFFFFu, memory = reg(at + 0xCu), bytes = items << (control >> 13 & 3u);
  streams[stream].on = true;
  streams[stream].items = streams[stream].left = items;
  streams[stream].memory = memory;
  const bool reaches = memory >= 0x24000000u && memory < 0x38000000u; /* not the core's own memories */
  if (!reaches) fault("DMA%u stream %u cannot reach %08x", stream / 8u + 1u, stream & 7u, memory);
  if (reaches && (mpu_says_cached(memory) || mpu_says_cached(memory + bytes - 1u))) {
    fault("DMA%u stream %u works in cached memory, %08x", stream / 8u + 1u, stream & 7u, memory);
  }
  note("DMA%u stream %u: request %u, %u items of %u bytes at %08x", stream / 8u + 1u, stream & 7u,
       reg(DMAMUX1 + 4u * stream) & 127u, items, 1u << (control >> 13 & 3u), memory);
}

void dma_register_write(uint32_t address, uint32_t value) {
  const unsigned second = address >= DMA2;
  const uint32_t offset = address & 0x3FFu;
  if (offset == 8u || offset == 0xCu) {
    const unsigned group = 2u * second + (offset == 0xCu);
    flags[group] &= ~value;
    for (unsigned i = 0; i < 4u; i++) update_irq(group * 4u + i);
    return;
  }
  const uint32_t before = reg(address);
  reg_set(address, value);
  if (offset < 0x10u || offset >= 0xD0u || (offset - 0x10u) % 0x18u != 0) return;
  const unsigned stream = second * 8u + (offset - 0x10u) / 0x18u;
  if ((value & 1u) != 0 && (before & 1u) == 0) switch_on(stream, address, value);
  if ((value & 1u) == 0) streams[stream].on = false;
  update_irq(stream);
}

static unsigned stream_of(unsigned request) {
  unsigned i = 0;
  while (i < STREAMS && !(streams[i].on && (reg(DMAMUX1 + 4u * i) & 127u) == request)) i++;
  return i;
}

bool dma_ready(unsigned request) {
  return stream_of(request) < STREAMS;
}

uint32_t dma_item(unsigned request, uint32_t from_peripheral) {
  const unsigned i = stream_of(request);
  if (i == STREAMS) return 0;
  const uint32_t control = reg(control_of(i)), size = control >> 13 & 3u;
  const uint32_t at = streams[i].memory + ((streams[i].items - streams[i].left) << size);
  uint32_t value = from_peripheral;
  if ((control >> 6 & 3u) == 0) {
    dma_copy_in(at, &value, 1u << size);
  } else {
    value = 0;
    dma_copy_out(at, &value, 1u << size);
  }
  uint32_t raised = 0;
  streams[i].left--;
  if (streams[i].left == streams[i].items / 2u) raised = HALF;
  if (streams[i].left == 0) {
    raised = COMPLETE;
    streams[i].left = streams[i].items;
    if ((control >> 8 & 1u) == 0) { /* not circular */
      streams[i].on = false;
      reg_set(control_of(i), control & ~1u);
    }
  }
  if (raised != 0) {
    flags[i / 4u] |= raised << flag_shift[i & 3u];
    update_irq(i);
  }
  return value;
}

void dma_reset(void) {
  memset(streams, 0, sizeof streams);
  memset(flags, 0, sizeof flags);
}
