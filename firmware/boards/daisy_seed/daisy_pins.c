#include "daisy_pins.h"

/* The ports' registers lie 1 KiB apart (STM32H750 reference manual, memory map). */
static GPIO_TypeDef *port_of(char port) {
  return (GPIO_TypeDef *)(GPIOA_BASE + 0x400u * (uint32_t)(port - 'A'));
}

static void clock_on(char port) {
  RCC->AHB4ENR |= 1u << (port - 'A');
  (void)RCC->AHB4ENR; /* it takes two cycles */
}

void daisy_pins_set(char port, uint32_t pins, uint32_t mode, uint32_t pull, uint32_t speed, uint32_t function) {
  GPIO_InitTypeDef pin = {.Pin = pins, .Mode = mode, .Pull = pull, .Speed = speed, .Alternate = function};
  clock_on(port);
  HAL_GPIO_Init(port_of(port), &pin);
}

void daisy_pin_write(char port, unsigned bit, bool high) {
  clock_on(port); /* it may be set before it becomes an output */
  port_of(port)->BSRR = high ? 1u << bit : 1u << (bit + 16u);
}

bool daisy_pin_read(char port, unsigned bit) {
  return (port_of(port)->IDR >> bit & 1u) != 0;
}
