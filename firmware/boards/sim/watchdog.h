/* A watchdog stricter than a Daisy Seed's: the main loop has to come round every 100 ms of the machine's time. */
#ifndef GRITSPACE_SIM_WATCHDOG_H
#define GRITSPACE_SIM_WATCHDOG_H

void sim_watchdog_start(void);

/* The main loop came round. */
void sim_watchdog_kick(void);

/* Sleep until an interrupt; meanwhile the machine's clock may leap, which is nobody's fault. Interrupts must be off. */
void sim_watchdog_sleep(void);

/* The NMI: a fault record with the place where the main loop was held, and a new start. */
void sim_watchdog_interrupt(void);

#endif
