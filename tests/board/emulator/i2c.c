/* I2C2 as master, and the codec of each board: AK4556 (Seed 1.0) and PCM3060 by pins (Seed 1.2, 2 DFM), WM8731
 * (Seed 1.1) and PCM3060 (Patch SM) by registers. Data sheets of AKM, Cirrus Logic, Texas Instruments. */
#include <string.h>

#include "board.h"

#define I2C2 0x40005800u
#define WM8731 0x1Au
#define PCM3060 0x46u
enum { CR1 = 0, CR2 = 4, ISR = 0x18, ICR = 0x1C, RXDR = 0x24, TXDR = 0x28 };
enum { TXIS = 2, RXNE = 4, NACKF = 0x10, STOPF = 0x20, TC = 0x40, BUSY = 0x8000 };

static uint32_t status, left;
static uint8_t sent[8], pcm_registers[128], pcm_at;
static unsigned sent_count;
static uint16_t wm_registers[16];
static bool wm_touched, pcm_touched;

static unsigned device(void) {
  return reg(I2C2 + CR2) >> 1 & 127u;
}

static bool present(void) {
  return (options.board == SEED_1_1 && device() == WM8731) || (options.board == PATCH_SM && device() == PCM3060);
}

static void update_irq(void) {
  const uint32_t on = reg(I2C2 + CR1);
  irq_level(33, (status & TXIS && on & 2u) || (status & RXNE && on & 4u) || (status & STOPF && on & 0x20u) ||
                    (status & TC && on & 0x40u) || (status & NACKF && on & 0x10u));
}

static void end_of_message(void) {
  if (sent_count >= 2u && device() == WM8731) {
    const unsigned at = sent[0] >> 1;
    if (at < 16u) wm_registers[at] = (uint16_t)((sent[0] & 1u) << 8 | sent[1]);
    wm_touched = true;
  }
  if (sent_count >= 1u && device() == PCM3060) {
    pcm_at = sent[0] & 127u;
    for (unsigned i = 1; i < sent_count; i++) pcm_registers[(pcm_at + i - 1u) & 127u] = sent[i];
    pcm_touched = true;
  }
}

static void ends(void) {
  status &= ~(uint32_t)(TXIS | RXNE);
  end_of_message();
  if ((reg(I2C2 + CR2) >> 25 & 1u) != 0) {
    status = (status | STOPF) & ~(uint32_t)BUSY;
  } else {
    status |= TC;
  }
}

static void start(uint32_t settings) {
  left = settings >> 16 & 255u;
  sent_count = 0;
  status &= ~(uint32_t)(TC | STOPF | NACKF);
  if (!present()) {
    status |= NACKF | STOPF;
    note("I2C2: nobody answers at %02x", device());
    return;
  }
  status |= BUSY;
  if ((settings >> 10 & 1u) != 0) {
    status |= RXNE;
  } else if (left > 0) {
    status |= TXIS;
  } else {
    ends();
  }
}

uint32_t i2c_read(uint32_t offset) {
  if (offset == ISR) return status | 1u;
  if (offset != RXDR) return reg(I2C2 + offset);
  if ((status & RXNE) == 0) return 0;
  const uint8_t value = device() == PCM3060 ? pcm_registers[pcm_at++ & 127u] : 0;
  if (left > 0) left--;
  if (left == 0) ends();
  update_irq();
  return value;
}

void i2c_write(uint32_t offset, uint32_t value) {
  if (offset == ICR) {
    status &= ~(value & 0x3F38u);
    update_irq();
    return;
  }
  if (offset == CR2) {
    reg_set(I2C2 + CR2, value & ~(3u << 13));
    if ((value >> 13 & 1u) != 0) start(value);
    if ((value >> 14 & 1u) != 0) status = (status | STOPF) & ~(uint32_t)(BUSY | TC | TXIS);
  } else {
    reg_set(I2C2 + offset, value);
  }
  if (offset == CR1 && (value & 1u) == 0) status = 0;
  if (offset == TXDR && (status & TXIS) != 0) {
    if (sent_count < sizeof sent) sent[sent_count++] = (uint8_t)value;
    if (left > 0) left--;
    if (left == 0) ends();
  }
  update_irq();
  interrupt_emulation();
}

const char *codec_name(void) {
  static const char *const names[] = {"AK4556", "WM8731", "PCM3060", "TAC5242", "PCM3060"};
  return names[options.board];
}

/* "plays", or what is wrong. */
const char *codec_state(void) {
  const bool pb11_drives = gpio_is_output('B', 11), pb11 = gpio_pin('B', 11);
  switch (options.board) {
    case SEED_1_0: /* its reset */
      return pb11_drives && pb11 ? "plays" : "held in reset";
    case SEED_2_DFM: /* its de-emphasis */
      return !pb11_drives || pb11 ? "treble cut by de-emphasis" : "plays";
    case SEED_1_1: { /* active, 24 bits left-justified, nothing powered down or muted */
      const bool set = wm_registers[9] == 1u && (wm_registers[7] & 0x0Fu) == 9u && (wm_registers[5] & 8u) == 0 &&
                       (wm_registers[4] & 0x12u) == 0x12u && (wm_registers[6] & 0x9Du) == 0;
      return !wm_touched ? "not set" : set ? "plays" : "set wrongly";
    }
    case PATCH_SM: { /* left-justified 24 bits, both ways awake */
      const bool awake = (pcm_registers[0x40] & 0x30u) == 0;
      const bool format = (pcm_registers[0x43] & 3u) == 1u && (pcm_registers[0x48] & 3u) == 1u;
      return !pcm_touched ? "not set" : !awake ? "asleep" : format ? "plays" : "set wrongly";
    }
    default:
      return "unknown to this model";
  }
}

void i2c_reset(void) {
  status = 0;
  left = sent_count = 0;
  memset(wm_registers, 0, sizeof wm_registers);
  memset(pcm_registers, 0, sizeof pcm_registers);
  pcm_registers[0x40] = 0xF0;
  pcm_registers[0x41] = pcm_registers[0x42] = 0xFF;
  pcm_registers[0x46] = pcm_registers[0x47] = 0xD7;
  wm_touched = pcm_touched = false;
}
