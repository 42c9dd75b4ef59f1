#include "uart.h"

#include "registers.h"

#define RING_BYTES 16384u /* a power of two */

/* One side only writes `head`, the other only `tail`; both count on and on. */
typedef struct {
  uint8_t bytes[RING_BYTES];
  volatile uint32_t head; /* written so far */
  volatile uint32_t tail; /* read so far */
} ring_t;

static ring_t receiving, sending;

void sim_uart_start(void) {
  SIM_UART0->bauddiv = 16;
  SIM_UART0->ctrl = SIM_UART_TRANSMIT | SIM_UART_RECEIVE | SIM_UART_TRANSMIT_INTERRUPT | SIM_UART_RECEIVE_INTERRUPT;
  SIM_NVIC_ENABLE = 1u << SIM_IRQ_UART0_RX | 1u << SIM_IRQ_UART0_TX;
}

void sim_uart_receive_interrupt(void) {
  SIM_UART0->intclear = 2;
  while (SIM_UART0->state & SIM_UART_RECEIVER_FULL) {
    if (receiving.head - receiving.tail == RING_BYTES) {
      SIM_UART0->ctrl &= ~SIM_UART_RECEIVE_INTERRUPT;
      return;
    }
    receiving.bytes[receiving.head % RING_BYTES] = (uint8_t)SIM_UART0->data;
    receiving.head = receiving.head + 1;
  }
}

const uint8_t *sim_uart_received(size_t *count) {
  uint32_t waiting = receiving.head - receiving.tail;
  uint32_t until_wrap = RING_BYTES - receiving.tail % RING_BYTES;
  *count = waiting < until_wrap ? waiting : until_wrap;
  return receiving.bytes + receiving.tail % RING_BYTES;
}

void sim_uart_take(size_t count) {
  receiving.tail = receiving.tail + (uint32_t)count;
  if (!(SIM_UART0->ctrl & SIM_UART_RECEIVE_INTERRUPT)) {
    SIM_UART0->ctrl |= SIM_UART_RECEIVE_INTERRUPT;
    SIM_NVIC_PEND = 1u << SIM_IRQ_UART0_RX; /* fetches the byte that was left lying */
  }
}

size_t sim_uart_room(void) {
  return RING_BYTES - (sending.head - sending.tail);
}

void sim_uart_send(const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) sending.bytes[(sending.head + (uint32_t)i) % RING_BYTES] = bytes[i];
  sending.head = sending.head + (uint32_t)count;
  SIM_NVIC_PEND = 1u << SIM_IRQ_UART0_TX;
}

void sim_uart_transmit_interrupt(void) {
  SIM_UART0->intclear = 1;
  while (sending.tail != sending.head && !(SIM_UART0->state & SIM_UART_TRANSMITTER_FULL)) {
    SIM_UART0->data = sending.bytes[sending.tail % RING_BYTES];
    sending.tail = sending.tail + 1;
  }
}
