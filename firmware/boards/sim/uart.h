/* The link over UART 0, by interrupt, a byte at a time. Nothing is lost: when the receiving ring is full the receiver's
 * interrupt rests, and QEMU holds back what comes. Slow: see docs/link.md. */
#ifndef GRITSPACE_SIM_UART_H
#define GRITSPACE_SIM_UART_H

#include <stddef.h>
#include <stdint.h>

void sim_uart_start(void);

/* Bytes received and not yet taken; *count of them. */
const uint8_t *sim_uart_received(size_t *count);
void sim_uart_take(size_t count);

size_t sim_uart_room(void);
/* count: at most sim_uart_room(). */
void sim_uart_send(const uint8_t *bytes, size_t count);

void sim_uart_receive_interrupt(void);
void sim_uart_transmit_interrupt(void);

#endif
