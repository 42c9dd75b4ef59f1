/* From power-up to main, the vector table, and what happens to a fault. */
#include <stdint.h>
#include <string.h>

#include "base/stack_watch.h"
#include "fault.h"
#include "packets.h"
#include "registers.h"
#include "timer.h"
#include "uart.h"
#include "watchdog.h"

int main(void);
void board_reset(void);

/* From sim.ld. */
extern uint8_t board_stack_top[], board_data_load[];
extern uint32_t board_stack_low[];
extern uint8_t board_data_start[], board_data_end[], board_bss_start[], board_bss_end[];

#define PAINT_MARGIN 16u /* words below the present frame that stay as they are */

typedef union {
  void (*handler)(void);
  const void *stack_top;
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16 + SIM_IRQ_COUNT] = {
    [0] = {.stack_top = board_stack_top},
    [1] = {.handler = board_reset},
    [2] = {.handler = sim_watchdog_interrupt}, /* NMI */
    [3] = {.handler = cortex_m_fault},         /* HardFault */
    [4] = {.handler = cortex_m_fault},         /* MemManage */
    [5] = {.handler = cortex_m_fault},         /* BusFault */
    [6] = {.handler = cortex_m_fault},         /* UsageFault */
    [11] = {.handler = cortex_m_fault},
    [12] = {.handler = cortex_m_fault},
    [14] = {.handler = cortex_m_fault},
    [15] = {.handler = cortex_m_fault},
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
  cortex_m_faults_on();
  grit_stack_paint(board_stack_low, (const uint32_t *)(const void *)__builtin_frame_address(0) - PAINT_MARGIN);
  main();
  for (;;) sim_wait_for_interrupt();
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

void cortex_m_last_words(const grit_fault_record_t *record) {
  say_number("fault at pc=", record->pc);
  say_number(" lr=", record->lr);
  say_number(" cfsr=", record->cfsr);
  say_number(" hfsr=", record->hfsr);
  say_number(" bfar=", record->address);
  say("\n");
}
