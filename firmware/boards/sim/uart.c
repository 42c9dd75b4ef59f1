#include "uart.h"

#include "registers.h"
#include "ring.h"

static ring_t receiving, sending;

void sim_uart_start(void) {
  SIM_UART0->bauddiv = 16;
  SIM_UART0->ctrl = SIM_UART_TRANSMIT | SIM_UART_RECEIVE | SIM_UART_TRANSMIT_INTERRUPT | SIM_UART_RECEIVE_INTERRUPT;
  SIM_NVIC_ENABLE = 1u << SIM_IRQ_UART0_RX | 1u << SIM_IRQ_UART0_TX;
}

void sim_uart_receive_interrupt(void) {
  SIM_UART0->intclear = 2;
  while (SIM_UART0->state & SIM_UART_RECEIVER_FULL) {
    if (ring_room(&receiving) == 0) {
      SIM_UART0->ctrl &= ~SIM_UART_RECEIVE_INTERRUPT;
      return;
    }
    ring_put(&receiving, (uint8_t)SIM_UART0->data);
  }
}

const uint8_t *sim_uart_received(size_t *count) {
  return ring_waiting(&receiving, count);
}

void sim_uart_take(size_t count) {
  ring_take(&receiving, count);
  if (!(SIM_UART0->ctrl & SIM_UART_RECEIVE_INTERRUPT)) {
    SIM_UART0->ctrl |= SIM_UART_RECEIVE_INTERRUPT;
    SIM_NVIC_PEND = 1u << SIM_IRQ_UART0_RX; /* fetches the byte that was left lying */
  }
}

size_t sim_uart_room(void) {
  return ring_room(&sending);
}

void sim_uart_send(const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) ring_put(&sending, bytes[i]);
  SIM_NVIC_PEND = 1u << SIM_IRQ_UART0_TX;
}

void sim_uart_transmit_interrupt(void) {
  SIM_UART0->intclear = 1;
  while (ring_used(&sending) > 0 && !(SIM_UART0->state & SIM_UART_TRANSMITTER_FULL)) {
    SIM_UART0->data = sending.bytes[sending.tail % RING_BYTES];
    ring_take(&sending, 1);
  }
}
