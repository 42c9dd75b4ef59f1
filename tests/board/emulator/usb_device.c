/* OTG_FS as a device: FIFOs, endpoints, interrupts, as far as ST's HAL uses them. The host is in usb_host.c. */
#include <string.h>

#include "board.h"

enum {
  GAHBCFG = 0x8,
  GRSTCTL = 0x10,
  GINTSTS = 0x14,
  GINTMSK = 0x18,
  GRXSTSR = 0x1C,
  GRXSTSP = 0x20,
  DIEPTXF0 = 0x28,
  CID = 0x3C,
  DIEPTXF1 = 0x104,
  DCFG = 0x800,
  DCTL = 0x804,
  DSTS = 0x808,
  DIEPMSK = 0x810,
  DOEPMSK = 0x814,
  DAINT = 0x818,
  DAINTMSK = 0x81C,
  DIEPEMPMSK = 0x834,
  IN = 0x900,
  OUT = 0xB00,
  FIFO = 0x1000
};
enum { CTL = 0, INT = 8, TSIZ = 0x10, TXFSTS = 0x18 };
#define ENDPOINTS 9u
#define IRQ 101u
#define ENABLE (1u << 31)
#define NAK (1u << 17)
#define STALL (1u << 21)

static uint32_t registers[0x1000 / 4];
typedef struct {
  uint32_t status, bytes, taken;
  uint8_t data[64];
} received_t;
static received_t queue[64], current;
static unsigned queue_first, queue_end;
static struct {
  uint8_t fifo[4096];
  uint32_t used, left, packets, to_fill;
  bool armed;
} in[ENDPOINTS];

static uint32_t *at(uint32_t offset) {
  return &registers[offset / 4u];
}
static uint32_t *ep(uint32_t base, unsigned endpoint, uint32_t offset) {
  return at(base + 32u * endpoint + offset);
}

static uint32_t fifo_words(unsigned endpoint) {
  const uint32_t words = (endpoint > 0 ? *at(DIEPTXF1 + 4u * (endpoint - 1u)) : *at(DIEPTXF0)) >> 16;
  return words > 0 ? words : 16u;
}

static bool half_empty(unsigned endpoint) {
  return in[endpoint].used * 2u <= fifo_words(endpoint) * 4u;
}

static uint32_t interrupts(void) {
  uint32_t status = *at(GINTSTS) & ~(1u << 4 | 1u << 18 | 1u << 19), all = 0;
  if (queue_first != queue_end) status |= 1u << 4;
  for (unsigned i = 0; i < ENDPOINTS; i++) {
    const bool empty = half_empty(i) && (*at(DIEPEMPMSK) >> i & 1u) != 0;
    if ((*ep(IN, i, INT) & *at(DIEPMSK) & ~0x80u) != 0 || empty) all |= 1u << i;
    if ((*ep(OUT, i, INT) & *at(DOEPMSK)) != 0) all |= 1u << (16u + i);
  }
  *at(DAINT) = all;
  all &= *at(DAINTMSK);
  if ((all & 0xFFFFu) != 0) status |= 1u << 18;
  if (all >> 16 != 0) status |= 1u << 19;
  return status;
}

static void update(void) {
  irq_level(IRQ, (interrupts() & *at(GINTMSK)) != 0 && (*at(GAHBCFG) & 1u) != 0);
}

static void push(unsigned endpoint, uint32_t kind, const uint8_t *bytes, unsigned count) {
  received_t *slot = &queue[queue_end];
  queue_end = (queue_end + 1u) % 64u;
  slot->status = endpoint | count << 4 | kind << 17;
  slot->bytes = count;
  slot->taken = 0;
  if (count > 0) memcpy(slot->data, bytes, count);
}

static uint32_t pop(void) {
  if (queue_first == queue_end) return 0;
  current = queue[queue_first];
  queue_first = (queue_first + 1u) % 64u;
  const unsigned endpoint = current.status & 15u, kind = current.status >> 17 & 15u;
  if (kind == 4u) *ep(OUT, endpoint, INT) |= 8u; /* the set-up is done */
  if (kind == 3u) {                              /* the transfer is done */
    *ep(OUT, endpoint, INT) |= 1u;
    *ep(OUT, endpoint, CTL) &= ~ENABLE;
  }
  update();
  return current.status;
}

uint32_t usb_read(uint32_t offset) {
  if (offset >= FIFO) {
    uint32_t word = 0;
    for (unsigned i = 0; i < 4u && current.taken < current.bytes; i++) {
      word |= (uint32_t)current.data[current.taken++] << 8u * i;
    }
    return word;
  }
  if (offset == GINTSTS) return interrupts();
  if (offset == GRSTCTL) return *at(offset) | 1u << 31;
  if (offset == GRXSTSR) return queue[queue_first].status;
  if (offset == GRXSTSP) return pop();
  if (offset == DSTS) return 6u | (*at(DSTS) & 1u);
  if (offset == DAINT) interrupts();
  if (offset >= IN && offset < IN + 32u * ENDPOINTS) {
    const unsigned i = (offset - IN) / 32u;
    if (offset % 32u == INT) return *at(offset) | (half_empty(i) ? 0x80u : 0);
    if (offset % 32u == TXFSTS) return fifo_words(i) - (in[i].used + 3u) / 4u;
    if (offset % 32u == TSIZ) return (*at(offset) & 0xE0000000u) | in[i].packets << 19 | in[i].left;
  }
  return *at(offset);
}

static void fill_fifo(unsigned endpoint, uint32_t word) {
  for (uint32_t i = 0; i < 4u && in[endpoint].to_fill > 0; i++) {
    in[endpoint].to_fill--;
    if (in[endpoint].used < sizeof in[endpoint].fifo)
      in[endpoint].fifo[in[endpoint].used++] = (uint8_t)(word >> 8u * i);
  }
  if (in[endpoint].used > fifo_words(endpoint) * 4u) fault_once(endpoint, "USB FIFO %u overflows", endpoint);
}

static void write_in(unsigned endpoint, uint32_t offset, uint32_t value) {
  uint32_t *control = ep(IN, endpoint, CTL);
  const uint32_t before = *control;
  switch (offset) {
    case INT:
      *ep(IN, endpoint, INT) &= ~value;
      return;
    case TSIZ:
      in[endpoint].left = value & 0x7FFFFu;
      in[endpoint].packets = value >> 19 & 1023u;
      *ep(IN, endpoint, TSIZ) = value;
      return;
    case CTL:
      *control = value & ~(3u << 26);
      if ((value >> 26 & 1u) != 0) *control &= ~NAK;
      if ((value >> 27 & 1u) != 0) *control |= NAK;
      if ((value >> 30 & 1u) != 0) { /* disabled */
        *control &= ~(3u << 30);
        in[endpoint].armed = false;
        *ep(IN, endpoint, INT) |= 2u;
      } else if ((value & ENABLE) != 0) {
        in[endpoint].armed = true;
        if ((before & ENABLE) == 0) in[endpoint].to_fill = in[endpoint].left;
      }
      return;
    default:
      *ep(IN, endpoint, offset) = value;
  }
}

static void write_out(unsigned endpoint, uint32_t offset, uint32_t value) {
  uint32_t *control = ep(OUT, endpoint, CTL);
  switch (offset) {
    case INT:
      *ep(OUT, endpoint, INT) &= ~value;
      return;
    case CTL:
      *control = (value & ~(3u << 26)) | (*control & ENABLE);
      if ((value >> 26 & 1u) != 0) *control &= ~NAK;
      if ((value >> 27 & 1u) != 0) *control |= NAK;
      if ((value >> 30 & 1u) != 0) {
        *control &= ~(3u << 30);
        *ep(OUT, endpoint, INT) |= 2u;
      }
      return;
    default:
      *ep(OUT, endpoint, offset) = value;
  }
}

void usb_write(uint32_t offset, uint32_t value) {
  if (offset >= FIFO) {
    if ((offset - FIFO) / 0x1000u < ENDPOINTS) fill_fifo((offset - FIFO) / 0x1000u, value);
  } else if (offset >= IN && offset < IN + 32u * ENDPOINTS) {
    write_in((offset - IN) / 32u, offset % 32u, value);
  } else if (offset >= OUT && offset < OUT + 32u * ENDPOINTS) {
    write_out((offset - OUT) / 32u, offset % 32u, value);
  } else if (offset == GINTSTS) {
    *at(GINTSTS) &= ~(value & 0xF8F0FC0Eu);
  } else if (offset == GRSTCTL) {
    const uint32_t number = value >> 6 & 31u;
    if ((value & 0x10u) != 0) queue_first = queue_end;
    for (unsigned i = 0; i < ENDPOINTS && (value & 0x20u) != 0; i++) {
      if (number == 16u || number == i) in[i].used = 0;
    }
  } else {
    *at(offset) = value;
  }
  update();
}

/* ---- what the host does to it and sees of it */

bool usb_pulled_up(void) {
  return (*at(DCTL) & 2u) == 0 && (*at(GAHBCFG) & 1u) != 0;
}

static void signal(uint32_t bit) {
  *at(GINTSTS) |= bit;
  update();
}

void usb_signal_reset(void) {
  *at(DCFG) &= ~0x7F0u;
  signal(1u << 12);
}

void usb_signal_enumerated(void) {
  signal(1u << 13);
}

void usb_signal_suspend(bool asleep) {
  *at(DSTS) = (*at(DSTS) & ~1u) | asleep;
  if (asleep) signal(1u << 11);
}

void usb_signal_frame(void) {
  if ((*at(GINTMSK) & 8u) != 0) signal(8u);
}

unsigned usb_address(void) {
  return *at(DCFG) >> 4 & 127u;
}

bool usb_stalled(unsigned endpoint, bool to_host) {
  return (*ep(to_host ? IN : OUT, endpoint, CTL) & STALL) != 0 && !(to_host && in[endpoint].armed);
}

void usb_setup_packet(const uint8_t setup[8]) {
  *ep(IN, 0, CTL) &= ~STALL;
  *ep(OUT, 0, CTL) &= ~STALL;
  in[0].used = 0;
  push(0, 6, setup, 8);
  push(0, 4, NULL, 0);
  update();
}

bool usb_in_packet(unsigned endpoint, uint8_t *bytes, unsigned *count) {
  const uint32_t control = *ep(IN, endpoint, CTL);
  if (!in[endpoint].armed || (control & ENABLE) == 0) return false;
  const uint32_t most = endpoint > 0 ? control & 0x7FFu : 64u;
  const uint32_t size = in[endpoint].left < most ? in[endpoint].left : most;
  if (in[endpoint].used < size) return false; /* not filled yet */
  memcpy(bytes, in[endpoint].fifo, size);
  in[endpoint].used -= size;
  memmove(in[endpoint].fifo, in[endpoint].fifo + size, in[endpoint].used);
  in[endpoint].left -= size;
  if (in[endpoint].packets > 0) in[endpoint].packets--;
  if (in[endpoint].packets == 0) {
    in[endpoint].armed = false;
    *ep(IN, endpoint, CTL) &= ~ENABLE;
    *ep(IN, endpoint, INT) |= 1u;
  }
  *count = size;
  update();
  return true;
}

bool usb_out_ready(unsigned endpoint) {
  const uint32_t control = *ep(OUT, endpoint, CTL);
  return (control & ENABLE) != 0 && (control & NAK) == 0;
}

void usb_out_packet(unsigned endpoint, const uint8_t *bytes, unsigned count) {
  uint32_t *size = ep(OUT, endpoint, TSIZ);
  uint32_t left = *size & 0x7FFFFu, packets = *size >> 19 & 1023u;
  left = left > count ? left - count : 0;
  if (packets > 0) packets--;
  push(endpoint, 2, bytes, count);
  *size = (*size & 0xE0000000u) | packets << 19 | left;
  if (count < 64u || packets == 0 || left == 0) {
    push(endpoint, 3, NULL, 0);
    *ep(OUT, endpoint, CTL) |= NAK;
  }
  update();
}

void usb_device_reset(void) {
  memset(registers, 0, sizeof registers);
  memset(in, 0, sizeof in);
  memset(&current, 0, sizeof current);
  queue_first = queue_end = 0;
  *at(GINTSTS) = 0x04000020u;
  *at(DCTL) = 2;
  *at(CID) = 0x2300;
  *at(0x40) = 0x4F54330Au;
}
