/* The processor's clock. */
#ifndef GRITSPACE_DAISY_CLOCK_H
#define GRITSPACE_DAISY_CLOCK_H

#define DAISY_CLOCK_HZ 480000000u

/* Called by stm32duino's start-up, by this name. */
void SystemClock_Config(void);

#endif
