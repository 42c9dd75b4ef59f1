/* STM32H750 reference manual (RM0433), "I2C". */
#include "daisy_i2c.h"

#include "daisy_pins.h"

/* Of 120 MHz: 100 ns a step; low 5 us, high 4 us, data stable 1 us before the clock's edge. */
#define TIMING 0xB0922731u
#define SPIN_LIMIT 100000u /* a wait that lasts longer has failed: a byte takes 90 us */

void daisy_i2c_start(char clock_port, unsigned clock_bit) {
  daisy_pins_set(clock_port, 1u << clock_bit, GPIO_MODE_AF_OD, GPIO_NOPULL, GPIO_SPEED_FREQ_LOW, GPIO_AF4_I2C2);
  daisy_pins_set('B', 1u << 11, GPIO_MODE_AF_OD, GPIO_NOPULL, GPIO_SPEED_FREQ_LOW, GPIO_AF4_I2C2);
  __HAL_RCC_I2C2_CLK_ENABLE();
  __HAL_RCC_I2C2_FORCE_RESET();
  __HAL_RCC_I2C2_RELEASE_RESET();
  I2C2->TIMINGR = TIMING;
  I2C2->CR1 = I2C_CR1_PE;
}

static bool wait_for(uint32_t flag) {
  for (uint32_t i = 0; i < SPIN_LIMIT; i++) {
    const uint32_t now = I2C2->ISR;
    if ((now & flag) != 0) return true;
    if ((now & I2C_ISR_NACKF) != 0) break;
  }
  return false;
}

/* False, and the line given up, if the stop does not come. */
static bool stopped(bool good) {
  if (!good) I2C2->CR2 |= I2C_CR2_STOP;
  for (uint32_t i = 0; i < SPIN_LIMIT && (I2C2->ISR & I2C_ISR_STOPF) == 0; i++) {
  }
  good = good && (I2C2->ISR & (I2C_ISR_STOPF | I2C_ISR_NACKF)) == I2C_ISR_STOPF;
  I2C2->ICR = I2C_ICR_STOPCF | I2C_ICR_NACKCF;
  return good;
}

static void begin(uint8_t device, uint32_t bytes, uint32_t settings) {
  I2C2->CR2 = (uint32_t)device << 1 | bytes << I2C_CR2_NBYTES_Pos | settings | I2C_CR2_START;
}

bool daisy_i2c_write(uint8_t device, uint8_t first, uint8_t second) {
  begin(device, 2, I2C_CR2_AUTOEND);
  bool good = wait_for(I2C_ISR_TXIS);
  if (good) I2C2->TXDR = first;
  good = good && wait_for(I2C_ISR_TXIS);
  if (good) I2C2->TXDR = second;
  return stopped(good);
}

bool daisy_i2c_read(uint8_t device, uint8_t address, uint8_t *value) {
  begin(device, 1, 0);
  bool good = wait_for(I2C_ISR_TXIS);
  if (good) I2C2->TXDR = address;
  good = good && wait_for(I2C_ISR_TC);
  if (!good) return stopped(false);
  begin(device, 1, I2C_CR2_AUTOEND | I2C_CR2_RD_WRN);
  good = wait_for(I2C_ISR_RXNE);
  if (good) *value = (uint8_t)I2C2->RXDR;
  return stopped(good);
}
