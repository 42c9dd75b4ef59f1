#include "daisy_panel.h"

#include "daisy_vendor.h"
#include "panel/generated/panel.h"
#include "placement.h"

typedef struct {
  uint8_t port, bit, active_low;
} pin_t;

static const pin_t switches[] = {
#define SWITCH(name, pin, port, bit, low) {(port) - 'A', bit, low},
    GRIT_PANEL_SWITCHES(SWITCH)
#undef SWITCH
};
enum { GATE, BUTTON };

static volatile bool gate_seen;

/* The ports' registers lie 1 KiB apart (STM32H750 reference manual, memory map). */
static GPIO_TypeDef *port_of(const pin_t *pin) {
  return (GPIO_TypeDef *)(GPIOA_BASE + 0x400u * pin->port);
}

static bool is_active(const pin_t *pin) {
  return ((port_of(pin)->IDR >> pin->bit & 1u) != 0) != (pin->active_low != 0);
}

/* mode: 0 input, 1 output, 2 alternate function, 3 analog. */
static void set_mode(const pin_t *pin, uint32_t mode) {
  RCC->AHB4ENR |= 1u << pin->port;
  (void)RCC->AHB4ENR; /* the clock takes two cycles */
  GPIO_TypeDef *port = port_of(pin);
  port->MODER = (port->MODER & ~(3u << 2u * pin->bit)) | mode << 2u * pin->bit;
}

static void pull_up(const pin_t *pin) {
  GPIO_TypeDef *port = port_of(pin);
  port->PUPDR = (port->PUPDR & ~(3u << 2u * pin->bit)) | 1u << 2u * pin->bit;
}

#ifdef GRIT_PANEL_LEDS

static const pin_t lights[] = {
#define LIGHT(name, pin, port, bit) {(port) - 'A', bit, 0},
    GRIT_PANEL_LEDS(LIGHT)
#undef LIGHT
};
_Static_assert(sizeof lights / sizeof lights[0] == 2u * GRIT_LED_COUNT, "red and green each");

/* The lights' lines run beside audio and CV for centimetres (docs/board.md): a picofarad or two would bring a square
 * wave of 940 Hz into them at -80 dB. Above 40 kHz nobody hears it, and the codecs fold nothing below 3 MHz. */
#define TIMER_HZ 240000000u
#define LIGHT_PRESCALER 16u
#define LIGHT_STEPS 255u
_Static_assert(TIMER_HZ / LIGHT_PRESCALER / LIGHT_STEPS > 40000u, "the lights are dimmed above what is heard");

/* PB6..PB9 are TIM4's channels 1 to 4 by alternate function 2 (data sheet, table of alternate functions). */
static void start_lights(void) {
  RCC->APB1LENR |= RCC_APB1LENR_TIM4EN;
  (void)RCC->APB1LENR;
  for (unsigned i = 0; i < sizeof lights / sizeof lights[0]; i++) {
    const pin_t *pin = &lights[i];
    set_mode(pin, 2);
    volatile uint32_t *function = &port_of(pin)->AFR[pin->bit / 8u];
    *function = (*function & ~(15u << 4u * (pin->bit % 8u))) | 2u << 4u * (pin->bit % 8u);
  }
  TIM4->PSC = LIGHT_PRESCALER - 1;
  TIM4->ARR = LIGHT_STEPS - 1;
  TIM4->CCMR1 = 0x6868; /* PWM mode 1, preloaded */
  TIM4->CCMR2 = 0x6868;
  TIM4->CCER = 0x1111;
  TIM4->CR1 = TIM_CR1_ARPE | TIM_CR1_CEN;
}

static void light(unsigned i, uint8_t brightness) {
  volatile uint32_t *const channels[] = {&TIM4->CCR1, &TIM4->CCR2, &TIM4->CCR3, &TIM4->CCR4};
  *channels[lights[i].bit - 6u] = brightness;
}

void daisy_panel_show(const grit_led_t leds[GRIT_LED_COUNT]) {
  for (unsigned i = 0; i < GRIT_LED_COUNT; i++) {
    light(2u * i, leds[i].red);
    light(2u * i + 1u, leds[i].green);
  }
}

#else /* one white LED behind the converter's second output, PA5: how bright the right one would be */

static void start_lights(void) {
  static const pin_t output = {0, 5, 0};
  RCC->APB1LENR |= RCC_APB1LENR_DAC12EN;
  (void)RCC->APB1LENR;
  set_mode(&output, 3);
  DAC1->CR |= DAC_CR_EN2;
}

void daisy_panel_show(const grit_led_t leds[GRIT_LED_COUNT]) {
  const grit_led_t *state = &leds[1];
  const uint32_t brightest = state->green > state->red ? state->green : state->red;
  DAC1->DHR12R2 = brightest * 4095u / 255u / 2u; /* the output doubles it: 2.5 V */
}

#endif

void daisy_panel_start(void) {
  for (unsigned i = 0; i < sizeof switches / sizeof switches[0]; i++) {
    set_mode(&switches[i], 0);
    pull_up(&switches[i]);
  }
  start_lights();
}

void daisy_panel_unmute(void) {
#ifdef GRIT_PANEL_UNMUTE
#define PIN(port, bit) \
  { (port) - 'A', bit, 0 }
  static const pin_t unmute = GRIT_PANEL_UNMUTE(PIN);
#undef PIN
  port_of(&unmute)->BSRR = 1u << unmute.bit;
  set_mode(&unmute, 1);
#endif
}

void daisy_panel_watch(void) {
  if (is_active(&switches[GATE])) gate_seen = true;
}

GRIT_FAST_CODE void daisy_panel_switches(bool *gate, bool *button) {
  *gate = gate_seen || is_active(&switches[GATE]);
  gate_seen = false;
  *button = is_active(&switches[BUTTON]);
}
