#include "timer.h"

#include "base/generated/real_time.h"
#include "registers.h"

static void (*call_piece)(void);
static uint32_t interrupts_before;

void sim_timer_start(void (*piece)(void)) {
  call_piece = piece;
  SIM_TIMER0->reload = SIM_CLOCK_HZ / SIM_PIECES_PER_SECOND - 1u;
  SIM_TIMER0->value = SIM_CLOCK_HZ / SIM_PIECES_PER_SECOND - 1u;
  SIM_TIMER0->ctrl = 1u | 1u << 3;
  SIM_NVIC_ENABLE = 1u << SIM_IRQ_TIMER0;
}

void sim_timer_interrupt(void) {
  SIM_TIMER0->intclear = 1;
  call_piece();
}

bool sim_timer_late(void) {
  return (SIM_TIMER0->intclear & 1u) != 0;
}

void sim_work_begin(void) {
  interrupts_before = sim_interrupts_save();
  SIM_TIMER1->ctrl = 0;
  SIM_TIMER1->reload = UINT32_MAX;
  SIM_TIMER1->value = UINT32_MAX;
  SIM_TIMER1->ctrl = 1;
}

uint32_t sim_work_end(void) {
  uint32_t ticks = UINT32_MAX - SIM_TIMER1->value;
  sim_interrupts_restore(interrupts_before);
  const uint64_t instructions = (uint64_t)ticks * (SIM_INSTRUCTIONS_PER_SECOND / SIM_CLOCK_HZ);
  return (uint32_t)(instructions * GRIT_CYCLES_A_THOUSAND_INSTRUCTIONS / 1000u);
}
