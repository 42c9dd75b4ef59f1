/* From power-up to main, the vector table, and what happens to a fault. */
#include <stdint.h>
#include <string.h>

#include "packets.h"
#include "registers.h"
#include "timer.h"
#include "uart.h"

int main(void);
void board_reset(void);
void board_fault(void);
void board_report_fault(const uint32_t *frame);

/* From sim.ld. */
extern uint8_t board_stack_top[], board_data_load[];
extern uint8_t board_data_start[], board_data_end[], board_bss_start[], board_bss_end[];

typedef union {
  void (*handler)(void);
  const void *stack_top;
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16 + SIM_IRQ_COUNT] = {
    [0] = {.stack_top = board_stack_top},
    [1] = {.handler = board_reset},
    [2] = {.handler = board_fault}, /* NMI */
    [3] = {.handler = board_fault}, /* HardFault */
    [4] = {.handler = board_fault}, /* MemManage */
    [5] = {.handler = board_fault}, /* BusFault */
    [6] = {.handler = board_fault}, /* UsageFault */
    [11] = {.handler = board_fault},
    [12] = {.handler = board_fault},
    [14] = {.handler = board_fault},
    [15] = {.handler = board_fault},
    [16 + SIM_IRQ_UART0_RX] = {.handler = sim_uart_receive_interrupt},
    [16 + SIM_IRQ_UART0_TX] = {.handler = sim_uart_transmit_interrupt},
    [16 + SIM_IRQ_ETHERNET] = {.handler = sim_packets_interrupt},
    [16 + SIM_IRQ_TIMER0] = {.handler = sim_timer_interrupt},
};

void board_reset(void) {
  SIM_CPACR |= 0xFu << 20; /* the FPU: the compiler may keep anything in its registers */
  __asm volatile("dsb\n isb");
  memcpy(board_data_start, board_data_load, (uintptr_t)board_data_end - (uintptr_t)board_data_start);
  memset(board_bss_start, 0, (uintptr_t)board_bss_end - (uintptr_t)board_bss_start);
  SIM_SHCSR |= 7u << 16; /* MemManage, BusFault and UsageFault by their own names */
  main();
  for (;;) sim_wait_for_interrupt();
}

/* The processor has stacked r0-r3, r12, lr, pc, psr on the main stack. */
__attribute__((naked)) void board_fault(void) {
  __asm volatile("mov r0, sp\n b board_report_fault");
}

static void say(const char *text) {
  SIM_UART1->bauddiv = 16;
  SIM_UART1->ctrl = SIM_UART_TRANSMIT;
  for (; *text != 0; text++) {
    while (SIM_UART1->state & SIM_UART_TRANSMITTER_FULL) {
    }
    SIM_UART1->data = (uint8_t)*text;
  }
}

static void say_number(const char *name, uint32_t value) {
  char digits[] = "00000000";
  for (unsigned i = 0; i < 8; i++) digits[i] = "0123456789abcdef"[value >> (28u - 4u * i) & 15u];
  say(name);
  say(digits);
}

void board_report_fault(const uint32_t *frame) {
  sim_interrupts_off();
  say_number("fault at pc=", frame[6]);
  say_number(" lr=", frame[5]);
  say_number(" cfsr=", SIM_CFSR);
  say_number(" hfsr=", SIM_HFSR);
  say_number(" bfar=", SIM_BFAR);
  say("\n");
  for (;;) sim_wait_for_interrupt();
}
