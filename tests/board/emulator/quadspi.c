/* QUADSPI in indirect mode. */
#include "board.h"

enum { CR = 0, DCR = 4, SR = 8, FCR = 0xC, DLR = 0x10, CCR = 0x14, AR = 0x18, DR = 0x20 };
#define QUADSPI 0x52005000u

static bool busy, complete, writes;
static uint32_t left;
static double line_free_ps; /* when what has been asked for has come over the line */
static double byte_ps;

static uint32_t held(uint32_t offset) {
  return reg(QUADSPI + offset);
}

static void begin(void) {
  const uint32_t settings = held(CCR);
  const bool has_data = (settings >> 24 & 3u) != 0;
  writes = (settings >> 26 & 3u) == 0;
  complete = false;
  if ((held(CR) & 1u) == 0) {
    fault("QUADSPI is used while it is off");
    return;
  }
  if ((settings >> 8 & 3u) != 1u) fault("a flash command goes over more than one line");
  const double mhz = hclk() / ((held(CR) >> 24) + 1.0) * 1e-6;
  if (mhz > 133.0) fault("the flash chip is clocked at %.0f MHz", mhz);
  byte_ps = 8e6 / mhz;
  const bool addressed = (settings >> 10 & 3u) != 0;
  line_free_ps = (double)now_ps + byte_ps * (1 + (addressed ? 3 : 0)) + byte_ps / 8 * (settings >> 18 & 31u);
  left = has_data ? held(DLR) + 1u : 0;
  flash_chip_command((uint8_t)settings, held(AR), left);
  busy = left > 0;
  complete = !busy;
}

uint32_t quadspi_read(uint32_t offset, uint32_t size) {
  if (offset == SR) {
    const uint32_t waiting = busy && !writes ? (left < 32u ? left : 32u) : 0;
    return (complete ? 2u : 0u) | (busy ? 1u << 5 | 4u : 0u) | waiting << 8;
  }
  if (offset != DR) return held(offset);
  uint32_t value = 0;
  for (uint32_t i = 0; i < size; i++) {
    if (left == 0) {
      fault_once(0, "QUADSPI is read past a command's end");
      break;
    }
    line_free_ps += byte_ps;
    wait_until((uint64_t)line_free_ps);
    value |= (uint32_t)flash_chip_read() << 8u * i;
    if (--left == 0) {
      busy = false;
      complete = true;
    }
  }
  return value;
}

void quadspi_write(uint32_t offset, uint32_t value, uint32_t size) {
  switch (offset) {
    case CR:
      if ((value & 2u) != 0) busy = false; /* abort */
      reg_set(QUADSPI + CR, value & ~2u);
      return;
    case FCR:
      if ((value & 2u) != 0) complete = false;
      return;
    case DR:
      for (uint32_t i = 0; i < size && busy && writes && left > 0; i++) {
        line_free_ps += byte_ps;
        wait_until((uint64_t)line_free_ps);
        flash_chip_write((uint8_t)(value >> 8u * i));
        if (--left > 0) continue;
        busy = false;
        complete = true;
        flash_chip_end();
      }
      return;
    default:
      reg_set(QUADSPI + offset, value);
      if (offset == CCR && (value >> 10 & 3u) == 0) begin(); /* no address is to come */
      if (offset == AR && (held(CCR) >> 10 & 3u) != 0) begin();
  }
}

void quadspi_reset(void) {
  busy = complete = writes = false;
  left = 0;
}
