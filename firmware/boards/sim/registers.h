/* The few registers of QEMU's mps2-an500 that this board touches. Sources: Arm's Application Note AN500 (memory map),
 * Arm's Cortex-M System Design Kit manual (UART, timer), the ARMv7-M manual (NVIC, SCB). */
#ifndef GRITSPACE_SIM_REGISTERS_H
#define GRITSPACE_SIM_REGISTERS_H

#include <stdint.h>

#define SIM_CLOCK_HZ 25000000u

typedef struct {
  volatile uint32_t ctrl;   /* bit 0 on, bit 3 interrupt on */
  volatile uint32_t value;  /* counts down */
  volatile uint32_t reload; /* what it starts from again */
  volatile uint32_t intclear;
} sim_timer_registers_t;

typedef struct {
  volatile uint32_t data;
  volatile uint32_t state;    /* bit 0: the transmitter is full, bit 1: the receiver is full */
  volatile uint32_t ctrl;     /* bits 0, 1: transmit, receive on; bits 2, 3: their interrupts on */
  volatile uint32_t intclear; /* bit 0 transmit, bit 1 receive */
  volatile uint32_t bauddiv;  /* at least 16 */
} sim_uart_registers_t;

/* Counts down; at 0 an NMI, at the next 0 a reset. */
typedef struct {
  volatile uint32_t load, value;
  volatile uint32_t control;  /* bit 0: counts, with the NMI; bit 1: resets */
  volatile uint32_t intclear; /* begins anew */
} sim_watchdog_registers_t;

#define SIM_TIMER0 ((sim_timer_registers_t *)0x40000000u) /* paces the audio blocks */
#define SIM_TIMER1 ((sim_timer_registers_t *)0x40001000u) /* measures work */
#define SIM_WATCHDOG ((sim_watchdog_registers_t *)0x40008000u)
#define SIM_UART0 ((sim_uart_registers_t *)0x40004000u) /* the link */
#define SIM_UART1 ((sim_uart_registers_t *)0x40005000u) /* last words of a fault */

#define SIM_IRQ_UART0_RX 0
#define SIM_IRQ_UART0_TX 1
#define SIM_IRQ_TIMER0 8
#define SIM_IRQ_ETHERNET 13
#define SIM_IRQ_COUNT 32

#define SIM_NVIC_ENABLE (*(volatile uint32_t *)0xE000E100u) /* interrupts 0..31 */
#define SIM_NVIC_PEND (*(volatile uint32_t *)0xE000E200u)
#define SIM_NVIC_UNPEND (*(volatile uint32_t *)0xE000E280u)
#define SIM_NVIC_PRIORITY(irq) (((volatile uint8_t *)0xE000E400u)[irq]) /* lower is more urgent */
#define SIM_CPACR (*(volatile uint32_t *)0xE000ED88u)

#define SIM_UART_TRANSMITTER_FULL 1u
#define SIM_UART_RECEIVER_FULL 2u
#define SIM_UART_TRANSMIT 1u
#define SIM_UART_RECEIVE 2u
#define SIM_UART_TRANSMIT_INTERRUPT 4u
#define SIM_UART_RECEIVE_INTERRUPT 8u

static inline void sim_interrupts_off(void) {
  __asm volatile("cpsid i" ::: "memory");
}
static inline void sim_interrupts_on(void) {
  __asm volatile("cpsie i" ::: "memory");
}
static inline uint32_t sim_interrupts_save(void) {
  uint32_t mask;
  __asm volatile("mrs %0, primask\n cpsid i" : "=r"(mask)::"memory");
  return mask;
}
static inline void sim_interrupts_restore(uint32_t mask) {
  __asm volatile("msr primask, %0" ::"r"(mask) : "memory");
}
static inline void sim_wait_for_interrupt(void) {
  __asm volatile("dsb\n wfi" ::: "memory");
}

#endif
