/* 480 MHz, in place of the variant's 400 MHz. The crystal is 16 MHz. Sources: the STM32H750 reference manual (RM0433,
 * "Reset and clock control") and data sheet (480 MHz and flash latency at VOS0). */
#include "daisy_clock.h"

#include "daisy_stop.h"
#include "daisy_vendor.h"

static void choose_oscillators(void) {
  RCC_OscInitTypeDef oscillators = {
      .OscillatorType = RCC_OSCILLATORTYPE_HSE,
      .HSEState = RCC_HSE_ON,
      .PLL = {.PLLState = RCC_PLL_ON,
              .PLLSource = RCC_PLLSOURCE_HSE,
              .PLLM = 4,
              .PLLN = 240, /* 16 MHz / 4 * 240 = 960 MHz */
              .PLLP = 2,   /* the processor's: 480 MHz */
              .PLLQ = 20,  /* USB: 48 MHz, by the crystal */
              .PLLR = 2,
              .PLLRGE = RCC_PLL1VCIRANGE_2,
              .PLLVCOSEL = RCC_PLL1VCOWIDE},
  };
  if (HAL_RCC_OscConfig(&oscillators) != HAL_OK) daisy_stop(DAISY_STOP_CRYSTAL);
}

static void choose_buses(void) {
  RCC_ClkInitTypeDef buses = {
      .ClockType = RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2 |
                   RCC_CLOCKTYPE_D3PCLK1 | RCC_CLOCKTYPE_D1PCLK1,
      .SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK,
      .SYSCLKDivider = RCC_SYSCLK_DIV1,
      .AHBCLKDivider = RCC_HCLK_DIV2,
      .APB3CLKDivider = RCC_APB3_DIV2,
      .APB1CLKDivider = RCC_APB1_DIV2,
      .APB2CLKDivider = RCC_APB2_DIV2,
      .APB4CLKDivider = RCC_APB4_DIV2,
  };
  if (HAL_RCC_ClockConfig(&buses, FLASH_LATENCY_4) != HAL_OK) daisy_stop(DAISY_STOP_CLOCK);
}

static void choose_peripheral_clocks(void) {
  RCC_PeriphCLKInitTypeDef clocks = {
      .PeriphClockSelection = RCC_PERIPHCLK_SAI1 | RCC_PERIPHCLK_I2C2 | RCC_PERIPHCLK_ADC | RCC_PERIPHCLK_USB |
                              RCC_PERIPHCLK_QSPI | RCC_PERIPHCLK_FMC,
      .PLL2 = {.PLL2M = 4,
               .PLL2N = 100,
               .PLL2P = 8,
               .PLL2Q = 10,
               .PLL2R = 2, /* external memory: 200 MHz, halved */
               .PLL2RGE = RCC_PLL2VCIRANGE_2,
               .PLL2VCOSEL = RCC_PLL2VCOWIDE},
      .PLL3 = {.PLL3M = 6,
               .PLL3N = 295,
               .PLL3P = 64, /* audio: 12.292 MHz, 256 times 48.014 kHz */
               .PLL3Q = 4,
               .PLL3R = 32, /* analog inputs: 24.58 MHz */
               .PLL3RGE = RCC_PLL3VCIRANGE_1,
               .PLL3VCOSEL = RCC_PLL3VCOWIDE},
      .FmcClockSelection = RCC_FMCCLKSOURCE_PLL2,
      .QspiClockSelection = RCC_QSPICLKSOURCE_D1HCLK,
      .Sai1ClockSelection = RCC_SAI1CLKSOURCE_PLL3,
      .I2c123ClockSelection = RCC_I2C123CLKSOURCE_D2PCLK1,
      .UsbClockSelection = RCC_USBCLKSOURCE_PLL,
      .AdcClockSelection = RCC_ADCCLKSOURCE_PLL3,
  };
  if (HAL_RCCEx_PeriphCLKConfig(&clocks) != HAL_OK) daisy_stop(DAISY_STOP_CLOCK);
}

void SystemClock_Config(void) {
  HAL_PWREx_ConfigSupply(PWR_LDO_SUPPLY);
  __HAL_PWR_VOLTAGESCALING_CONFIG(PWR_REGULATOR_VOLTAGE_SCALE0);
  while (!__HAL_PWR_GET_FLAG(PWR_FLAG_VOSRDY)) {
  }
  choose_oscillators();
  choose_buses();
  choose_peripheral_clocks();
  HAL_PWREx_EnableUSBVoltageDetector();
  __HAL_RCC_USB2_OTG_FS_CLK_ENABLE(); /* the core touches it before it turns its clock on */
}
