/* The simulated board: moves data between registers and the module. Its audio converter hears silence and is heard by
 * nobody, but it keeps the millisecond. The link comes by UART or in packets; the answer goes where the question came
 * from. */
#include <stdbool.h>
#include <stdint.h>

#include "answers/server.h"
#include "base/generated/real_time.h"
#include "base/grit_model_blob.h"
#include "fault.h"
#include "flash.h"
#include "packets.h"
#include "panel_inputs.h"
#include "registers.h"
#include "timer.h"
#include "uart.h"
#include "watchdog.h"

static bool by_packet;

static void send(const uint8_t *bytes, size_t count) {
  if (by_packet) {
    sim_packets_send(bytes, count);
  } else {
    sim_uart_send(bytes, count);
  }
}

static void reboot(uint8_t into) {
  sim_interrupts_off();
  if (into == GRIT_LINK_REBOOT_MODULE) cortex_m_reset();
  for (;;) sim_wait_for_interrupt(); /* there is no bootloader here: gone, as the module is while one runs */
}

/* From sim.ld. */
extern uint32_t board_stack_low[];
extern uint8_t board_stack_top[];

static grit_fault_record_t fault; /* of the crash before this start */

/* As a Daisy Seed has them, so that states lie as they do there. */
static uint64_t fast[GRIT_FAST_STATE_BYTES / sizeof(uint64_t)], slow[GRIT_SLOW_STATE_BYTES / sizeof(uint64_t)];

static const grit_board_t board = {
    .name = "sim",
    .work_per_second = GRIT_CLOCK_HZ,
    .work_unit = GRIT_LINK_WORK_UNIT_CYCLES,
    .meter = {.begin = sim_work_begin, .end = sim_work_end},
    .send = send,
    .turn = sim_panel_turn,
    .flash = &sim_flash,
    .reboot = reboot,
    .slow = {(uint8_t *)slow, sizeof slow},
    .stack_low = board_stack_low,
    .stack_top = (const uint32_t *)(const void *)board_stack_top,
    .fault = &fault,
    .fault_kept = &cortex_m_fault_kept,
    .first_presets = grit_model_presets,
    .first_presets_model = grit_model_sha256,
};

static grit_module_t module;
static grit_server_t server;

static void audio_piece(void) {
  static const int16_t silence[GRIT_AUDIO_FRAMES] = {0};
  static int16_t heard[2][GRIT_AUDIO_FRAMES];
  static const int16_t *const in[2] = {silence, silence};
  static int16_t *const out[2] = {heard[0], heard[1]};
  if (grit_module_block_begins(&module)) {
    sim_flash_tick();
    grit_module_panel(&module, sim_panel_read());
  }
  uint32_t work = grit_module_audio(&module, in, out);
  /* The machine's clock leaps when QEMU itself was held up while the processor slept: that is nobody's late block. */
  if (sim_timer_late() && work > GRIT_CLOCK_HZ / SIM_PIECES_PER_SECOND) grit_module_late(&module);
}

/* Works on what the link has brought: at most a frame. */
static void serve_link(void) {
  size_t count;
  const uint8_t *bytes = sim_packets_received(&count);
  if (count > 0) {
    by_packet = true;
    sim_packets_take(grit_server_receive(&server, bytes, count));
    return;
  }
  bytes = sim_uart_received(&count);
  if (count > 0 && sim_uart_room() >= GRIT_LINK_FRAME_BYTES) {
    by_packet = false;
    sim_uart_take(grit_server_receive(&server, bytes, count));
  }
}

static bool link_waits(void) {
  size_t count;
  sim_packets_received(&count);
  if (count > 0) return true;
  sim_uart_received(&count);
  return count > 0 && sim_uart_room() >= GRIT_LINK_FRAME_BYTES;
}

int main(void) {
  fault = grit_fault_take(&cortex_m_fault_kept, false); /* the watchdog writes its own record */
  sim_panel_start();
  grit_module_open(&module, &board, grit_model_blob, grit_model_blob_bytes, fast, sizeof fast);
  grit_server_open(&server, &module);
  grit_module_panel(&module, sim_panel_read()); /* so that it starts where the knobs stand */
  SIM_NVIC_PRIORITY(SIM_IRQ_TIMER0) = 0x20;     /* audio before the link */
  SIM_NVIC_PRIORITY(SIM_IRQ_UART0_RX) = 0x40;
  SIM_NVIC_PRIORITY(SIM_IRQ_UART0_TX) = 0x40;
  SIM_NVIC_PRIORITY(SIM_IRQ_ETHERNET) = 0x40;
  sim_uart_start();
  sim_packets_start();
  sim_timer_start(audio_piece);
  sim_watchdog_start();
  sim_interrupts_on();
  for (;;) {
    sim_watchdog_kick();
    serve_link();
    grit_server_idle(&server);
    sim_interrupts_off(); /* or something could come between the look and the sleep; an interrupt ends the sleep all the
                             same */
    if (!link_waits()) sim_watchdog_sleep();
    sim_interrupts_on();
  }
}
