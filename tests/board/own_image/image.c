/* The smallest program that touches what the emulated board models. Which part it plays, the test says by pin PB0..PB3;
 * what it found stands in `result`, at the beginning of DTCM. */
#include <stdint.h>

#define R32(at) (*(volatile uint32_t *)(at))
#define RESULT ((volatile uint32_t *)0x20000000u)
#define RCC 0x58024400u
#define GPIOB_IDR R32(0x58020410u)
#define UNCACHED 0x30000000u
#define CACHED 0x30010000u
#define SYSTICKS RESULT[8]

static void reset(void);
static void tick(void);
static void bus_fault(void);
static void audio(void);

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + 13])(void) = {
    (void (*)(void))0x20020000u, reset, [3] = bus_fault, [5] = bus_fault, [15] = tick, [16 + 11] = audio,
};

static void tick(void) {
  SYSTICKS = SYSTICKS + 1u;
}

/* The frame's seventh word is where it happened. */
__attribute__((naked)) static void bus_fault(void) {
  __asm volatile("ldr r0, =0x20000000\n ldr r1, [sp, #24]\n str r1, [r0, #4]\n b .");
}

static void audio(void) {
  R32(0x40020008u) = 0x3Du; /* stream 0's flags */
  RESULT[2] = RESULT[2] + 1u;
}

/* A stream that plays `at` into SAI1's block A, which is the clocks' master and sends. */
static void play(uint32_t at) {
  R32(RCC + 0xD8u) |= 1u;       /* DMA1 */
  R32(RCC + 0xF0u) |= 1u << 22; /* SAI1 */
  R32(RCC) |= 1u << 16;         /* HSE */
  R32(RCC + 0x28u) = 2u | 6u << 20;
  R32(RCC + 0x40u) = 294u | 63u << 9; /* PLL3: 12.29 MHz */
  R32(RCC) |= 1u << 28;
  R32(0x40020800u) = 87u;
  R32(0x40020014u) = 64u;
  R32(0x40020018u) = 0x40015820u;
  R32(0x4002001Cu) = at;
  R32(0x40020010u) = 0x5541u | 0x18u;
  R32(0xE000E100u) = 1u << 11;
  R32(0x40015804u) = 0x1202C0u; /* by DMA */
  R32(0x40015804u) |= 1u << 16;
}

/* The MPU keeps 32 KB of RAM_D2 out of the cache. */
static void enable_cache(void) {
  R32(0xE000ED98u) = 0;
  R32(0xE000ED9Cu) = UNCACHED;
  R32(0xE000EDA0u) = 3u << 24 | 1u << 19 | 1u << 18 | 14u << 1 | 1u;
  R32(0xE000ED94u) = 5u;
  R32(0xE000ED14u) |= 1u << 16;
}

static void allow_sram(void) {
  R32(RCC + 0xDCu) = 7u << 29;
}

/* 0: time. Ticks of a millisecond at 64 MHz. */
static void count_time(void) {
  R32(0xE000E014u) = 63999u;
  R32(0xE000E018u) = 0;
  R32(0xE000E010u) = 7u;
}

/* 1: sound from memory that is not cached, or from memory that is and was not written back. */
static void make_sound(uint32_t at) {
  allow_sram();
  enable_cache();
  for (uint32_t i = 0; i < 64u; i++) R32(at + 4u * i) = i + 1u;
  play(at);
}

/* 3: a read where nothing is. */
static void stumble(void) {
  R32(0xE000ED24u) |= 1u << 17;
  RESULT[0] = R32(0x60000000u);
}

/* 4: a peripheral whose clock is off. */
static void forget_the_clock(void) {
  RESULT[0] = R32(0x40015804u) + 1u;
}

/* 5: a watchdog that is not fed: 4 ms. */
static void starve(void) {
  R32(0x58004800u) = 0xCCCCu;
  R32(0x58004804u) = 0;
  R32(0x58004808u) = 32;
  R32(0x58004800u) = 0xAAAAu;
}

/* 6: the flash chip's ID, a page, the same byte again without erasing. */
static uint32_t chip(uint32_t settings, uint32_t address, uint32_t count, uint32_t word) {
  R32(0x52005010u) = count - 1u;
  R32(0x52005014u) = settings;
  if ((settings >> 10 & 3u) != 0) R32(0x52005018u) = address;
  const int writes = (settings >> 24 & 3u) != 0 && (settings >> 26 & 3u) == 0;
  uint32_t found = 0;
  if (writes) *(volatile uint8_t *)0x52005020u = (uint8_t)word;
  if (!writes && (settings >> 24 & 3u) != 0) {
    for (uint32_t i = 0; i < count; i++) found |= (uint32_t) * (volatile uint8_t *)0x52005020u << 8u * i;
  }
  while ((R32(0x52005008u) & 2u) == 0) {
  }
  R32(0x5200500Cu) = 2u;
  return found;
}

static void write_flash(void) {
  R32(RCC + 0xD4u) |= 1u << 14;
  R32(0x52005000u) = 1u;
  RESULT[0] = chip(0x0500019Fu, 0, 3, 0);
  for (uint32_t i = 0; i < 2u; i++) {
    chip(0x106u, 0, 1, 0);
    chip(0x01002502u, 0x1234u, 1, i == 0 ? 0xF0u : 0x0Fu);
    while ((chip(0x05000105u, 0, 1, 0) & 1u) != 0) {
    }
  }
  RESULT[1] = chip(0x0520250Bu, 0x1234u, 1, 0); /* AND of both: nothing left */
}

/* 7: a store to cached memory whose condition holds the second time only; the count behind it has no condition. */
static void count_behind_a_condition(void) {
  allow_sram();
  enable_cache();
  uint32_t counted = 0, round = 0;
  __asm volatile(
      "1: cmp %[round], #1\n it eq\n streq %[round], [%[cached]]\n b 2f\n"
      "2: add %[counted], %[counted], #1\n add %[round], %[round], #1\n cmp %[round], #4\n bne 1b\n"
      : [counted] "+r"(counted), [round] "+r"(round)
      : [cached] "r"(CACHED)
      : "cc", "memory");
  RESULT[0] = counted;
}

static void reset(void) {
  for (uint32_t i = 0; i < 16u; i++) RESULT[i] = 0;
  R32(RCC + 0xE0u) |= 1u << 1;
  R32(0x58020400u) = 0; /* port B: inputs */
  switch (GPIOB_IDR & 15u) {
    case 0:
      count_time();
      break;
    case 1:
      make_sound(UNCACHED);
      break;
    case 2:
      make_sound(CACHED);
      break;
    case 3:
      stumble();
      break;
    case 4:
      forget_the_clock();
      break;
    case 5:
      starve();
      break;
    case 6:
      write_flash();
      break;
    case 7:
      count_behind_a_condition();
      break;
    case 8: /* the supply, long after memory was written */
      R32(0x5802480Cu) |= 2u;
      break;
    default:
      break;
  }
  for (;;) {
  }
}
