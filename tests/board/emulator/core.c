/* What of the Cortex-M7 Unicorn leaves to us: exceptions in and out, NVIC, SysTick, cycle counter, fault status.
 * ARMv7-M Architecture Reference Manual, B1.5 and B3.2. */
#include <string.h>

#include "board.h"

enum { HARD = 3, MEMORY = 4, BUS = 5, USAGE = 6, PENDSV = 14, SYSTICK = 15, IRQS = 16, EXCEPTIONS = 16 + 150 };
#define VTOR 0xE000ED08u
#define SHCSR 0xE000ED24u
#define CFSR 0xE000ED28u
#define HFSR 0xE000ED2Cu
#define BFAR 0xE000ED38u
#define SYST_CSR 0xE000E010u
#define SYST_RVR 0xE000E014u
#define FRAME_WORDS 26u /* with the floating-point registers: always */

static bool pending[EXCEPTIONS], active[EXCEPTIONS], level[EXCEPTIONS], enabled[EXCEPTIONS];
static uint8_t priority[EXCEPTIONS];
static struct {
  uint16_t exception;
  int priority;
} stack[32];
static unsigned depth;
static bool tick_flag, ticking;
static double tick_ps;
static uint64_t cycles_at_zero, audio_begun, audio_begun_ps, audio_before_ps;
interrupt_cost_t audio_interrupt;
static const int frame_registers[8] = {UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3,
                                       UC_ARM_REG_R12, UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_XPSR};

uint32_t core_register(int name) {
  uint32_t value = 0;
  uc_reg_read(uc, name, &value);
  return value;
}

void core_set_register(int name, uint32_t value) {
  uc_reg_write(uc, name, &value);
}

uint32_t core_pc(void) {
  return core_register(UC_ARM_REG_PC);
}

unsigned core_depth(void) {
  return depth;
}

static int running_priority(void) {
  int lowest = 256;
  for (unsigned i = 0; i < depth; i++) {
    if (stack[i].priority < lowest) lowest = stack[i].priority;
  }
  return lowest;
}

static int priority_of(unsigned exception) {
  return exception == HARD ? -1 : priority[exception];
}

static unsigned most_urgent(void) {
  unsigned best = 0;
  for (unsigned i = 2; i < EXCEPTIONS; i++) {
    if (!pending[i] || active[i] || (i >= IRQS && !enabled[i])) continue;
    if (best == 0 || priority_of(i) < priority_of(best)) best = i;
  }
  return best;
}

bool core_wants_exception(void) {
  const unsigned exception = most_urgent();
  return exception != 0 && priority_of(exception) < running_priority();
}

static bool masked(unsigned exception) {
  const uint32_t basepri = core_register(UC_ARM_REG_BASEPRI);
  if (exception == HARD) return false;
  return core_register(UC_ARM_REG_PRIMASK) != 0 || (basepri != 0 && priority_of(exception) >= (int)basepri);
}

static bool is_audio(unsigned exception) { /* DMA1's first two streams */
  return exception == IRQS + 11u || exception == IRQS + 12u;
}

static void enter(unsigned exception) {
  uint32_t frame[FRAME_WORDS];
  for (unsigned i = 0; i < 8; i++) frame[i] = core_register(frame_registers[i]);
  frame[6] &= ~1u;
  for (unsigned i = 0; i < 16; i++) frame[8 + i] = core_register(UC_ARM_REG_S0 + (int)i);
  frame[24] = core_register(UC_ARM_REG_FPSCR);
  frame[25] = 0;
  const uint32_t before = core_register(UC_ARM_REG_SP), sp = (before - sizeof frame) & ~7u;
  frame[7] = (frame[7] & ~(1u << 9)) | (before & 4u) << 7;
  if (uc_mem_write(uc, sp, frame, sizeof frame) != UC_ERR_OK)
    fault("exception %u finds no stack at %08x", exception, sp);
  core_set_register(UC_ARM_REG_SP, sp);
  if (sp < audio_interrupt.lowest_stack) audio_interrupt.lowest_stack = sp;
  core_set_register(UC_ARM_REG_LR, depth > 0 ? 0xFFFFFFE1u : 0xFFFFFFE9u);
  const uint32_t vectors = reg(VTOR), handler = core_read(vectors + 4u * exception);
  core_set_register(UC_ARM_REG_IPSR, exception);
  core_set_register(UC_ARM_REG_EPSR, EPSR_THUMB); /* a fault inside an IT block: its condition is not the handler's */
  core_set_register(UC_ARM_REG_PC, handler | 1u);
  pending[exception] = false;
  active[exception] = true;
  stack[depth].exception = (uint16_t)exception;
  stack[depth].priority = priority_of(exception);
  if (depth + 1u < sizeof stack / sizeof stack[0]) depth++;
  if (is_audio(exception)) {
    audio_begun = cycles;
    audio_before_ps = audio_begun_ps;
    audio_begun_ps = now_ps;
  }
  if (options.verbose > 1) note("exception %u at %08x from %08x", exception, handler, frame[6]);
}

static bool inside_it_block(void) {
  return (core_register(UC_ARM_REG_XPSR) & 0x0600FC00u) != 0;
}

bool core_can_take_exception(void) {
  return core_wants_exception() && !masked(most_urgent()) && !inside_it_block();
}

bool core_may_jump(void) {
  return depth == 0 && core_register(UC_ARM_REG_PRIMASK) == 0 && !inside_it_block();
}

bool core_take_exception(void) {
  if (!core_can_take_exception()) return false;
  enter(most_urgent());
  return true;
}

void core_return(void) {
  uint32_t frame[FRAME_WORDS];
  if (depth == 0) {
    fault("a return from an exception that was none, pc %08x", core_pc());
    request_reset("lost");
    return;
  }
  const unsigned exception = stack[--depth].exception;
  const uint32_t sp = core_register(UC_ARM_REG_SP);
  active[exception] = false;
  if (is_audio(exception)) {
    const uint64_t taken = cycles - audio_begun;
    audio_interrupt.count++;
    audio_interrupt.total += taken;
    if (taken > audio_interrupt.longest) audio_interrupt.longest = taken;
  }
  if (is_audio(exception) && options.audio_percent > 0 && audio_before_ps > 0) {
    wait_until(audio_begun_ps + (audio_begun_ps - audio_before_ps) / 100u * options.audio_percent);
  }
  uc_mem_read(uc, sp, frame, sizeof frame);
  for (unsigned i = 0; i < 16; i++) core_set_register(UC_ARM_REG_S0 + (int)i, frame[8 + i]);
  core_set_register(UC_ARM_REG_FPSCR, frame[24]);
  for (unsigned i = 0; i < 6; i++) core_set_register(frame_registers[i], frame[i]);
  core_set_register(UC_ARM_REG_SP, sp + sizeof frame + (frame[7] >> 9 & 1u) * 4u);
  core_set_register(UC_ARM_REG_IPSR, depth > 0 ? stack[depth - 1u].exception : 0);
  core_set_register(UC_ARM_REG_XPSR_NZCVQG, frame[7]);
  core_set_register(UC_ARM_REG_EPSR, frame[7] | EPSR_THUMB);
  core_set_register(UC_ARM_REG_PC, frame[6] | 1u);
  if (level[exception]) pending[exception] = true;
}

void irq_level(unsigned irq, bool high) {
  level[IRQS + irq] = high;
  if (!high) return;
  pending[IRQS + irq] = true;
  interrupt_emulation();
}

/* A fault that is not enabled, or no more urgent than what runs, becomes a hard fault; one in that locks the core up.
 */
void core_raise_fault(unsigned exception, uint32_t cfsr, uint32_t address, bool address_valid) {
  reg_set(CFSR, reg(CFSR) | cfsr);
  if (address_valid) reg_set(BFAR, address);
  const uint32_t enable = exception == MEMORY ? 1u << 16 : exception == BUS ? 1u << 17 : 1u << 18;
  if ((reg(SHCSR) & enable) == 0 || priority_of(exception) >= running_priority() ||
      core_register(UC_ARM_REG_PRIMASK) != 0) {
    reg_set(HFSR, reg(HFSR) | 1u << 30);
    exception = HARD;
  }
  if (running_priority() <= -1) {
    fault("the core locks up: a fault inside a hard fault, pc %08x", core_pc());
    request_end();
    return;
  }
  enter(exception);
}

static void restart_tick(void) {
  ticking = (reg(SYST_CSR) & 1u) != 0;
  tick_ps = (double)now_ps + (reg(SYST_RVR) + 1.0) * 1e12 / sysclk();
}

uint64_t systick_at(void) {
  return ticking ? (uint64_t)tick_ps + 1u : NEVER;
}

void systick_tick(void) {
  tick_ps += (reg(SYST_RVR) + 1.0) * 1e12 / sysclk();
  tick_flag = true;
  if ((reg(SYST_CSR) & 2u) != 0) pending[SYSTICK] = true;
}

static uint32_t bits_of(const bool *flags, uint32_t first) {
  uint32_t word = 0;
  for (unsigned i = 0; i < 32; i++) word |= (uint32_t)(IRQS + first + i < EXCEPTIONS && flags[IRQS + first + i]) << i;
  return word;
}

static void set_bits(bool *flags, uint32_t first, uint32_t word, bool value) {
  for (unsigned i = 0; i < 32; i++) {
    if ((word >> i & 1u) != 0 && IRQS + first + i < EXCEPTIONS) flags[IRQS + first + i] = value;
  }
}

uint32_t core_peripheral_read(uint32_t at) {
  const double ticks_left = (tick_ps - (double)now_ps) * sysclk() * 1e-12;
  const uint32_t first = (at & 0x1Fu) * 8u;
  if (at >= 0xE000E100u && at < 0xE000E120u) return bits_of(enabled, first);
  if (at >= 0xE000E200u && at < 0xE000E220u) return bits_of(pending, first);
  switch (at) {
    case 0xE0001004u: /* DWT's cycles */
      return (uint32_t)(cycles - cycles_at_zero);
    case 0xE000E018u:
      return ticking && ticks_left > 0 ? (uint32_t)ticks_left : 0;
    case SYST_CSR: {
      const uint32_t value = reg(at) | (tick_flag ? 1u << 16 : 0);
      tick_flag = false;
      return value;
    }
    case 0xE000ED00u:
      return 0x411FC271u; /* a Cortex-M7 r1p1 */
    case 0xE000ED04u:
      return (depth > 0 ? stack[depth - 1u].exception : 0u) | (pending[SYSTICK] ? 1u << 26 : 0);
    case 0xE000ED0Cu:
      return 0xFA050000u | (reg(at) & 0x700u);
    case 0xE000ED78u:
      return 0x09000003u;
    case 0xE000ED80u: /* either cache: 16 KB */
      return (reg(0xE000ED84u) & 1u) != 0 ? 0xF01FE019u : 0xF00FE019u;
    case 0xE000ED90u:
      return 0x1000; /* the MPU has 16 regions */
    default:
      return reg(at);
  }
}

void core_peripheral_write(uint32_t at, uint32_t value, uint32_t size) {
  const uint32_t first = (at & 0x1Fu) * 8u;
  if (at >= 0xE000E100u && at < 0xE000E120u) set_bits(enabled, first, value, true);
  if (at >= 0xE000E180u && at < 0xE000E1A0u) set_bits(enabled, first, value, false);
  if (at >= 0xE000E200u && at < 0xE000E220u) set_bits(pending, first, value, true);
  if (at >= 0xE000E280u && at < 0xE000E2A0u) {
    for (unsigned i = 0; i < 32; i++) {
      if ((value >> i & 1u) != 0 && IRQS + first + i < EXCEPTIONS) pending[IRQS + first + i] = level[IRQS + first + i];
    }
  }
  for (uint32_t i = 0; i < size; i++) {
    const uint8_t byte = (uint8_t)(value >> 8u * i & 0xF0u);
    if (at >= 0xE000E400u && at + i < 0xE000E400u + EXCEPTIONS - IRQS) priority[IRQS + at + i - 0xE000E400u] = byte;
    if (at >= 0xE000ED18u && at + i < 0xE000ED24u) priority[4u + at + i - 0xE000ED18u] = byte;
  }
  interrupt_emulation();
  if (at >= 0xE000E100u && at < 0xE000E500u) return;
  if (at == 0xE0001004u) {
    cycles_at_zero = cycles - value;
  } else if (at == 0xE000ED0Cu) {
    if (value >> 16 != 0x5FAu) return;
    reg_set(at, value & 0x700u);
    if ((value & 4u) != 0) request_reset("the firmware asks for a reset");
  } else if (at == 0xE000ED04u) {
    if ((value >> 28 & 1u) != 0) pending[PENDSV] = true;
    if ((value >> 26 & 1u) != 0) pending[SYSTICK] = true;
    if ((value >> 25 & 1u) != 0) pending[SYSTICK] = false;
  } else if (at == CFSR || at == HFSR) {
    reg_set(at, reg(at) & ~value);
  } else {
    reg_set(at, value);
    cache_maintain(at, value);
    if (at == SYST_CSR && ((value & 1u) != 0) != ticking) restart_tick();
    if (at == 0xE000E018u) restart_tick();
  }
}

void core_reset(void) {
  memset(pending, 0, sizeof pending);
  memset(active, 0, sizeof active);
  memset(level, 0, sizeof level);
  memset(enabled, 0, sizeof enabled);
  memset(priority, 0, sizeof priority);
  depth = 0;
  ticking = tick_flag = false;
  audio_interrupt.lowest_stack = UINT32_MAX;
  reg_set(VTOR, 0x08000000u);
  core_set_register(UC_ARM_REG_IPSR, 0);
  core_set_register(UC_ARM_REG_PRIMASK, 0);
  core_set_register(UC_ARM_REG_BASEPRI, 0);
  core_set_register(UC_ARM_REG_CONTROL, 0);
  core_set_register(UC_ARM_REG_SP, core_read(0x08000000u));
  core_set_register(UC_ARM_REG_LR, UINT32_MAX);
  core_set_register(UC_ARM_REG_PC, core_read(0x08000004u));
}
