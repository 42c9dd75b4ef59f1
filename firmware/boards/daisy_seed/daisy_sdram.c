/* STM32H750 reference manual (RM0433), "FMC, SDRAM controller"; the chip's data sheet. The clock is 100 MHz. The
 * settings are those of Electrosmith's libraries but for the refresh: there 2054 clocks a row, which for 8192 rows is
 * 168 ms where the chip holds for 64. */
#include "daisy_sdram.h"

#include "daisy_pins.h"

/* 9 column and 13 row bits, 32 bits wide, four banks, latency 3, half the FMC's clock, bursts. */
#define CONTROL 0x19E9u
/* In clocks, less one each: load mode to active 2, out of self-refresh 7, self-refresh 4, row cycle 8, write recovery
 * 3, precharge 1 (16 by the library's 0 - 1), row to column 10. */
#define TIMES 0xFFF27361u
#define ROWS 8192u
#define CLOCK_MHZ 100u
#define HOLDS_MS 64u
#define REFRESH (HOLDS_MS * 1000u * CLOCK_MHZ / ROWS - 20u) /* 20 clocks earlier, as the manual says: 761 */
_Static_assert(REFRESH == 761u, "64 ms for 8192 rows at 100 MHz");

enum { CLOCK_ON = 1, PRECHARGE_ALL = 2, REFRESH_NOW = 3, LOAD_MODE = 4 };
#define BANK_1 FMC_SDCMR_CTB1
#define MODE 0x232u /* bursts of 4 in order, latency 3, single writes */

static void command(uint32_t what) {
  FMC_Bank5_6_R->SDCMR = what | BANK_1;
  while ((FMC_Bank5_6_R->SDSR & FMC_SDSR_RE) != 0) {
  }
}

static void set_pins(void) {
  static const struct {
    char port;
    uint16_t pins;
  } used[] = {{'D', 0xC703}, {'E', 0xFF83}, {'F', 0xF83F}, {'G', 0x8137}, {'H', 0xFF2C}, {'I', 0x06FF}};
  for (unsigned i = 0; i < sizeof used / sizeof used[0]; i++) {
    daisy_pins_set(used[i].port, used[i].pins, GPIO_MODE_AF_PP, GPIO_NOPULL, GPIO_SPEED_FREQ_VERY_HIGH, GPIO_AF12_FMC);
  }
}

void daisy_sdram_start(void) {
  __HAL_RCC_FMC_CLK_ENABLE();
  set_pins();
  FMC_Bank5_6_R->SDCR[0] = CONTROL;
  FMC_Bank5_6_R->SDTR[0] = TIMES;
  FMC_Bank1_R->BTCR[0] |= FMC_BCR1_FMCEN;
  command(CLOCK_ON);
  HAL_Delay(1); /* 200 us */
  command(PRECHARGE_ALL);
  command(REFRESH_NOW | 3u << FMC_SDCMR_NRFS_Pos);
  command(LOAD_MODE | MODE << FMC_SDCMR_MRD_Pos);
  FMC_Bank5_6_R->SDRTR = REFRESH << FMC_SDRTR_COUNT_Pos;
}
