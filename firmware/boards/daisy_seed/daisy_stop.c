#include "daisy_stop.h"

#include "daisy_pins.h"

#define LED_PORT 'C'
#define LED_BIT 7u
#define HSI_HZ 64000000u /* what the processor runs at when its own clock has not started */

static void wait_quarter_second(void) {
  for (volatile uint32_t i = 0; i < HSI_HZ / 4u / 8u; i++) {
  }
}

static void light(bool on) {
  daisy_pin_write(LED_PORT, LED_BIT, on);
  wait_quarter_second();
}

void daisy_stop(daisy_stop_t blinks) {
  __disable_irq();
  daisy_pins_set(LED_PORT, 1u << LED_BIT, GPIO_MODE_OUTPUT_PP, GPIO_NOPULL, GPIO_SPEED_FREQ_LOW, 0);
  for (;;) {
    for (unsigned i = 0; i < (unsigned)blinks; i++) {
      light(true);
      light(false);
    }
    for (unsigned i = 0; i < 4u; i++) light(false);
  }
}

/* What ST's and stm32duino's code calls where it cannot go on; by itself it would stand still in silence. */
void _Error_Handler(const char *message, int value);
void _Error_Handler(const char *message, int value) {
  (void)message, (void)value;
  daisy_stop(DAISY_STOP_LIBRARY);
}
