/* Pins: what the firmware drives, what the board around the chip drives, and pulls. */
#include "board.h"

#define GPIOA 0x58020000u
#define PORTS 11u

static struct { uint16_t driven, level; } outside[PORTS];
unsigned led_edges;

void gpio_drive(char port, unsigned bit, bool high) {
  const unsigned i = (unsigned)(port - 'A');
  if (i >= PORTS || bit > 15u) return;
  outside[i].driven |= (uint16_t)(1u << bit);
  outside[i].level = (uint16_t)((outside[i].level & ~(1u << bit)) | (unsigned)high << bit);
}

static bool pin_level(unsigned port, unsigned bit) {
  const uint32_t at = GPIOA + 0x400u * port, mode = reg(at) >> 2u * bit & 3u;
  if (mode == 3u) return false; /* analog */
  if (mode == 1u) return reg(at + 0x14u) >> bit & 1u;
  if ((outside[port].driven >> bit & 1u) != 0) return outside[port].level >> bit & 1u;
  return (reg(at + 0xCu) >> 2u * bit & 3u) == 1u; /* pulled up */
}

bool gpio_pin(char port, unsigned bit) {
  return pin_level((unsigned)(port - 'A'), bit);
}

bool gpio_is_output(char port, unsigned bit) {
  return (reg(GPIOA + 0x400u * (unsigned)(port - 'A')) >> 2u * bit & 3u) == 1u;
}

bool gpio_read(uint32_t address, uint32_t *value) {
  const unsigned port = (address - GPIOA) / 0x400u;
  if (address < GPIOA || port >= PORTS || (address & 0x3FFu) != 0x10u) return false;
  *value = 0;
  for (unsigned i = 0; i < 16u; i++) *value |= (uint32_t)pin_level(port, i) << i;
  return true;
}

bool gpio_write(uint32_t address, uint32_t value) {
  const uint32_t offset = address & 0x3FFu;
  if (address < GPIOA || (address - GPIOA) / 0x400u >= PORTS || (offset != 0x18u && offset != 0x14u)) return false;
  const uint32_t odr = offset == 0x18u ? address - 4u : address, before = reg(odr);
  reg_set(odr, offset == 0x14u ? value : (before & ~(value >> 16)) | (value & 0xFFFFu));
  if (odr == GPIOA + 0x814u && ((before ^ reg(odr)) >> 7 & 1u) != 0 && gpio_is_output('C', 7)) led_edges++;
  return true;
}

void gpio_reset(void) {
  for (unsigned i = 0; i < PORTS; i++) reg_set(GPIOA + 0x400u * i, i == 0 ? 0xABFFFFFFu : i == 1u ? 0xFFFFFEBFu : ~0u);
}
