/* All of the panel's analog pins are inputs of ADC1 (STM32H750 data sheet, pin table), so that one scan reads them.
 * Eight conversions a pin are averaged by the converter: 11 pins, 8 * 73 cycles each at 12.3 MHz, 0.53 ms a round. */
#include "daisy_analog.h"

#include "daisy_samples.h"
#include "daisy_vendor.h"
#include "panel/generated/panel.h"

#define OVERSAMPLING 8u
#define SPIN_LIMIT 1000000u /* a round takes 0.53 ms; a wait that lasts longer than some 10 has failed */

/* In the memory that is kept out of the cache. */
__attribute__((section(".sram1_bss"), aligned(32))) static uint16_t codes[DAISY_ANALOG_CODES];
_Static_assert(GRIT_PANEL_ANALOG_COUNT <= DAISY_ANALOG_CODES, "all of the panel's");
static ADC_HandleTypeDef adc;

/* The input of ADC1 that a pin is; 0 for a pin that is none. */
static uint32_t input_of(char port, unsigned bit) {
  static const uint8_t port_a[8] = {16, 17, 14, 15, 18, 19, 3, 7};
  if (port == 'A') return bit < 8u ? port_a[bit] : 0u;
  if (port == 'B') return bit == 0u ? 9u : bit == 1u ? 5u : 0u;
  if (port == 'C') return bit < 4u ? 10u + bit : bit == 4u ? 4u : bit == 5u ? 8u : 0u;
  return 0;
}

static GPIO_TypeDef *port_of(char port) {
  return port == 'A' ? GPIOA : port == 'B' ? GPIOB : GPIOC;
}

static bool add_pin(uint32_t rank, char port, unsigned bit) {
  static const uint32_t ranks[] = {ADC_REGULAR_RANK_1, ADC_REGULAR_RANK_2,  ADC_REGULAR_RANK_3,  ADC_REGULAR_RANK_4,
                                   ADC_REGULAR_RANK_5, ADC_REGULAR_RANK_6,  ADC_REGULAR_RANK_7,  ADC_REGULAR_RANK_8,
                                   ADC_REGULAR_RANK_9, ADC_REGULAR_RANK_10, ADC_REGULAR_RANK_11, ADC_REGULAR_RANK_12};
  _Static_assert(GRIT_PANEL_ANALOG_COUNT <= sizeof ranks / sizeof ranks[0], "the Seed has twelve analog inputs");
  uint32_t input = input_of(port, bit);
  if (input == 0) return false;
  GPIO_InitTypeDef pin = {.Pin = 1u << bit, .Mode = GPIO_MODE_ANALOG, .Pull = GPIO_NOPULL};
  HAL_GPIO_Init(port_of(port), &pin);
  ADC_ChannelConfTypeDef channel = {
      .Channel = __LL_ADC_DECIMAL_NB_TO_CHANNEL(input),
      .Rank = ranks[rank],
      .SamplingTime = ADC_SAMPLETIME_64CYCLES_5, /* 5 us: the panel's sources are below 1 kOhm, or buffered by 10 nF */
      .SingleDiff = ADC_SINGLE_ENDED,
      .OffsetNumber = ADC_OFFSET_NONE,
  };
  return HAL_ADC_ConfigChannel(&adc, &channel) == HAL_OK;
}

static void start_dma(void) {
  __HAL_RCC_DMA2_CLK_ENABLE(); /* audio is on DMA1 */
  DMAMUX1_Channel8->CCR = DMA_REQUEST_ADC1;
  DMA2_Stream0->NDTR = GRIT_PANEL_ANALOG_COUNT;
  DMA2_Stream0->PAR = (uint32_t)(uintptr_t)&ADC1->DR;
  DMA2_Stream0->M0AR = (uint32_t)(uintptr_t)codes;
  DMA2_Stream0->CR =
      DMA_SxCR_MSIZE_0 | DMA_SxCR_PSIZE_0 | DMA_SxCR_MINC | DMA_SxCR_CIRC; /* halfwords, round and round */
  DMA2_Stream0->CR |= DMA_SxCR_EN;
}

/* Until each pin has been converted once: nobody is to play by what was never read. */
static bool first_round(void) {
  for (uint32_t i = 0; i < SPIN_LIMIT; i++) {
    if ((DMA2->LISR & DMA_LISR_TCIF0) != 0) return true;
  }
  return false;
}

bool daisy_analog_start(void) {
  __HAL_RCC_GPIOA_CLK_ENABLE();
  __HAL_RCC_GPIOB_CLK_ENABLE();
  __HAL_RCC_GPIOC_CLK_ENABLE();
  adc.Instance = ADC1;
  adc.Init.ClockPrescaler = ADC_CLOCK_ASYNC_DIV1;
  adc.Init.Resolution = ADC_RESOLUTION_16B;
  adc.Init.ScanConvMode = ADC_SCAN_ENABLE;
  adc.Init.EOCSelection = ADC_EOC_SEQ_CONV;
  adc.Init.ContinuousConvMode = ENABLE;
  adc.Init.NbrOfConversion = GRIT_PANEL_ANALOG_COUNT;
  adc.Init.ExternalTrigConv = ADC_SOFTWARE_START;
  adc.Init.ExternalTrigConvEdge = ADC_EXTERNALTRIGCONVEDGE_NONE;
  adc.Init.ConversionDataManagement = ADC_CONVERSIONDATA_DMA_CIRCULAR;
  adc.Init.Overrun = ADC_OVR_DATA_OVERWRITTEN;
  adc.Init.LeftBitShift = ADC_LEFTBITSHIFT_NONE;
  adc.Init.OversamplingMode = ENABLE;
  adc.Init.Oversampling.Ratio = OVERSAMPLING;
  adc.Init.Oversampling.RightBitShift = ADC_RIGHTBITSHIFT_3;
  adc.Init.Oversampling.TriggeredMode = ADC_TRIGGEREDMODE_SINGLE_TRIGGER;
  adc.Init.Oversampling.OversamplingStopReset = ADC_REGOVERSAMPLING_CONTINUED_MODE;
  if (HAL_ADC_Init(&adc) != HAL_OK) return false;
  uint32_t rank = 0;
#define ADD(name, pin, port, bit) \
  if (!add_pin(rank++, port, bit)) return false;
  GRIT_PANEL_ANALOG(ADD)
#undef ADD
  if (HAL_ADCEx_Calibration_Start(&adc, ADC_CALIB_OFFSET_LINEARITY, ADC_SINGLE_ENDED) != HAL_OK) return false;
  start_dma();
  return HAL_ADC_Start(&adc) == HAL_OK && first_round();
}

void daisy_analog_codes(uint16_t read[DAISY_ANALOG_CODES]) {
  daisy_codes_in(codes, read, DAISY_ANALOG_CODES);
}
